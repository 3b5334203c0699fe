import { epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import { userOnTheWire } from "./open-session.ts";
import { requireAccount } from "./require-account.ts";
import type { Profile } from "./schema.ts";

/** @throws AppError unauthenticated for guests; invalid_token when the session has ended before its access token. */
export async function readProfile(context: Context): Promise<Profile> {
  const user = await requireAccount(context);
  return { ...userOnTheWire(user), created_at: toTimestamp(epochMs(user.createdAt.getTime())) };
}
