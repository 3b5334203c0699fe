import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { findUserOfSession } from "./store.ts";
import type { UserRow } from "./tables.ts";

/**
 * The account that is signed in, looked up with its session: whoever was signed out is refused at once, although the
 * access token itself is good for some minutes more.
 * @throws AppError unauthenticated for guests; invalid_token when the session has ended.
 */
export async function requireAccount(context: Context): Promise<UserRow> {
  const { principal } = context;
  if (principal.kind !== "user") throw new AppError("unauthenticated");
  const user = await findUserOfSession(context, principal);
  if (user === undefined)
    throw new AppError("invalid_token", { detail: "This session has ended. Sign in at POST /auth/login." });
  return user;
}
