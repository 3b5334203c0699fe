import { epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import { userOnTheWire } from "./open-session.ts";
import { requireAccount } from "./require-account.ts";
import type { Profile } from "./schema.ts";
import type { UserRow } from "./tables.ts";

/** @throws AppError unauthenticated for guests; invalid_token when the session has ended before its access token. */
export async function readProfile(context: Context): Promise<Profile> {
  return presentProfile(await requireAccount(context));
}

export function presentProfile(user: UserRow): Profile {
  const { locale, version, createdAt } = user;
  return { ...userOnTheWire(user), locale, version, created_at: toTimestamp(epochMs(createdAt.getTime())) };
}
