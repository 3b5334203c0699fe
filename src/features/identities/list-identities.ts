import { epochMs, toTimestamp } from "#core/time";
import { signedInUser } from "#features/auth/signed-in-user";
import type { Context } from "#platform/context";
import type { IdentityList } from "./schema.ts";
import { findIdentitiesOf } from "./store.ts";

export async function listIdentities(context: Context): Promise<IdentityList> {
  const { userId } = signedInUser(context);
  const rows = await findIdentitiesOf(context, userId);
  const data = rows.map(({ provider, email, createdAt, lastUsedAt }) => ({
    provider,
    email,
    linked_at: toTimestamp(epochMs(createdAt.getTime())),
    last_used_at: toTimestamp(epochMs(lastUsedAt.getTime())),
  }));
  return { data, providers: [...context.signInProviders.keys()] };
}
