import { createMiddleware } from "hono/factory";
import { looksLikeApiKey } from "#core/api-key-text";
import { AppError } from "#core/errors";
import { verifyAccessToken } from "#platform/access-tokens";
import { verifyApiKey } from "#platform/api-keys";
import { actingAs } from "#platform/context";
import { requireRecentProof } from "#platform/recent-proof";
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

/** Lets only those through who have lately proven who they are. */
export const requireRecentSignIn = createMiddleware<AppEnvironment>(async (request, next) => {
  requireRecentProof(request.var.context);
  return next();
});
