import { createMiddleware } from "hono/factory";
import { looksLikeApiKey } from "#core/api-key-text";
import { AppError } from "#core/errors";
import { minuteMs, secondMs } from "#core/time";
import { verifyAccessToken } from "#platform/access-tokens";
import { verifyApiKey } from "#platform/api-keys";
import { actingAs } from "#platform/context";
import type { AppEnvironment } from "./app-types.ts";

/** Reads the Bearer token, an access token or an API key, if there is one; a bad one is refused even where none is needed. */
export const authenticate = createMiddleware<AppEnvironment>(async (request, next) => {
  const header = request.req.header("authorization");
  if (header !== undefined) {
    const token = /^bearer +([^ ]+)$/i.exec(header)?.[1];
    if (token === undefined)
      throw new AppError("invalid_token", { detail: "Send Authorization: Bearer <access token>." });
    const { context } = request.var;
    const principal = looksLikeApiKey(token)
      ? await verifyApiKey(context, token)
      : await verifyAccessToken(context.settings, token, context.now());
    request.set("context", actingAs(context, principal));
  }
  return next();
});

/** For how long a proof of the owner is good for dangerous acts. */
const recentSignInMs = 10 * minuteMs;

/** Lets only those through who have lately proven who they are, at a sign-in or at `POST /auth/step-up`. */
export const requireRecentSignIn = createMiddleware<AppEnvironment>(async (request, next) => {
  const { principal, now } = request.var.context;
  if (principal.kind !== "user")
    throw new AppError("unauthenticated", { detail: "Send Authorization: Bearer <access token>." });
  if (principal.authenticatedAt < now() - recentSignInMs)
    throw new AppError("step_up_required", {
      detail: `This needs a proof of the last ${recentSignInMs / minuteMs} minutes that it is you. Send one to POST /auth/step-up and repeat with the access token that you get.`,
      members: { max_age: recentSignInMs / secondMs },
    });
  return next();
});
