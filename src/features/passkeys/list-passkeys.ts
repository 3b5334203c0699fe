import { epochMs, toTimestamp } from "#core/time";
import { signedInUser } from "#features/auth/signed-in-user";
import type { Context } from "#platform/context";
import type { Passkey, PasskeyList } from "./schema.ts";
import { findPasskeysOf } from "./store.ts";
import type { PasskeyRow } from "./tables.ts";

export async function listPasskeys(context: Context): Promise<PasskeyList> {
  const { userId } = signedInUser(context);
  return { data: (await findPasskeysOf(context, userId)).map(passkeyOnTheWire) };
}

export function passkeyOnTheWire({ id, name, backedUp, createdAt, lastUsedAt }: PasskeyRow): Passkey {
  return {
    id,
    name,
    synced: backedUp,
    created_at: toTimestamp(epochMs(createdAt.getTime())),
    last_used_at: lastUsedAt && toTimestamp(epochMs(lastUsedAt.getTime())),
  };
}
