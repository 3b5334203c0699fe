import { createMiddleware } from "hono/factory";
import { AppError } from "#core/errors";
import type { Role } from "#core/principal";
import { verifyAccessToken } from "#platform/access-tokens";
import { actingAs } from "#platform/context";
import type { AppEnvironment } from "./app-types.ts";

/** Reads the Bearer token, if there is one; a bad one is refused even where none is needed. */
export const authenticate = createMiddleware<AppEnvironment>(async (request, next) => {
  const header = request.req.header("authorization");
  if (header !== undefined) {
    const token = /^bearer +([^ ]+)$/i.exec(header)?.[1];
    if (token === undefined)
      throw new AppError("invalid_token", { detail: "Send Authorization: Bearer <access token>." });
    const { context } = request.var;
    const principal = await verifyAccessToken(context.settings, token, context.now());
    request.set("context", actingAs(context, principal));
  }
  return next();
});

/** Lets only the given roles through: 401 for guests, 403 for others. */
export function requireRole(...roles: Role[]) {
  return createMiddleware<AppEnvironment>(async (request, next) => {
    const { principal } = request.var.context;
    if (principal.kind !== "user")
      throw new AppError("unauthenticated", { detail: "Send Authorization: Bearer <access token>." });
    if (!roles.includes(principal.role)) throw new AppError("forbidden");
    return next();
  });
}
