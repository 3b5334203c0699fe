import { epochMs, toTimestamp } from "#core/time";
import { signedInUser } from "#features/auth/signed-in-user";
import type { Context } from "#platform/context";
import type { MfaState } from "./schema.ts";
import { countRecoveryCodes, findAuthenticator } from "./store.ts";

export async function readMfa(context: Context): Promise<MfaState> {
  const { userId } = signedInUser(context);
  const [authenticator, left] = await Promise.all([
    findAuthenticator(context, userId),
    countRecoveryCodes(context, userId),
  ]);
  const confirmedAt = authenticator?.confirmedAt ?? null;
  const enabledAt = confirmedAt && toTimestamp(epochMs(confirmedAt.getTime()));
  return { totp: { enabled: enabledAt !== null, enabled_at: enabledAt }, recovery_codes_left: left };
}
