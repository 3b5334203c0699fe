import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { readRefreshToken } from "./refresh-tokens.ts";
import { revokeSession } from "./store.ts";

/**
 * Ends the session of the refresh token, or of the access token where none is given. Its refresh tokens are dead at
 * once, its access tokens when they expire.
 * @throws AppError unauthenticated when neither is there; invalid_token.
 */
export async function logOut(context: Context, refreshToken: string | undefined): Promise<void> {
  if (refreshToken !== undefined) {
    const { sessionId } = await readRefreshToken(context.settings, refreshToken);
    await revokeSession(context, sessionId);
    return;
  }
  const { principal } = context;
  if (principal.kind !== "user")
    throw new AppError("unauthenticated", { detail: "Send the access token, or refresh_token in the body." });
  await revokeSession(context, principal.sessionId);
}
