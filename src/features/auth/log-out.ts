import { AppError } from "#core/errors";
import type { Id } from "#core/ids";
import type { Context } from "#platform/context";
import { readRefreshToken } from "./refresh-tokens.ts";
import { revokeSession } from "./store.ts";

/**
 * Ends the session of the refresh token, or of the access token where none is given. Its refresh tokens are dead at
 * once, its live connections in a moment, its access tokens where the session is looked up, and elsewhere when they
 * expire.
 * @throws AppError unauthenticated when neither is there; invalid_token.
 */
export async function logOut(context: Context, refreshToken: string | undefined): Promise<void> {
  await revokeSession(context, await sessionToEnd(context, refreshToken));
}

async function sessionToEnd(context: Context, refreshToken: string | undefined): Promise<Id<"session">> {
  if (refreshToken !== undefined) return (await readRefreshToken(context.settings, refreshToken)).sessionId;
  const { principal } = context;
  if (principal.kind !== "user")
    throw new AppError("unauthenticated", { detail: "Send the access token, or refresh_token in the body." });
  return principal.sessionId;
}
