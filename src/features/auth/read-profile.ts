import { AppError } from "#core/errors";
import { epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import { userOnTheWire } from "./open-session.ts";
import type { Profile } from "./schema.ts";
import { findUserOfSession } from "./store.ts";

/** @throws AppError unauthenticated for guests; invalid_token when the session has ended before its access token. */
export async function readProfile(context: Context): Promise<Profile> {
  const { principal } = context;
  if (principal.kind !== "user") throw new AppError("unauthenticated");
  const user = await findUserOfSession(context, principal);
  if (user === undefined)
    throw new AppError("invalid_token", { detail: "This session has ended. Sign in at POST /auth/login." });
  return { ...userOnTheWire(user), created_at: toTimestamp(epochMs(user.createdAt.getTime())) };
}
