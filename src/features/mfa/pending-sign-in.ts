import { z } from "zod";
import { AppError } from "#core/errors";
import { type Id, idSchema } from "#core/ids";
import { type SignInMethod, signInMethods } from "#core/principal";
import type { Context } from "#platform/context";
import { type OneTime, keepOneTime } from "#platform/one-time";
import { hasSecondFactor } from "./prove-second-factor.ts";
import { mfaLimits } from "./rules.ts";

const Pending = z.object({
  userId: idSchema("user"),
  sessionVersion: z.int(),
  methods: z.array(z.enum(signInMethods)),
});

/** A sign-in whose first factor was proven, under the `mfa_token`. */
export const pendingSignIns: OneTime<typeof Pending> = {
  name: "mfa",
  schema: Pending,
  lifeSeconds: mfaLimits.pendingSignInSeconds,
};

export type FirstFactor = { userId: Id<"user">; sessionVersion: number; methods: readonly SignInMethod[] };

/**
 * Lets a sign-in pass whose account asks for no second factor.
 * @throws AppError mfa_required, with the token to go on with.
 */
export async function demandSecondFactor(context: Context, first: FirstFactor): Promise<void> {
  if (!(await hasSecondFactor(context, first.userId))) return;
  const token = await keepOneTime(context, pendingSignIns, {
    ...first,
    methods: [...first.methods],
  });
  throw new AppError("mfa_required", {
    detail:
      "Send mfa_token with a code of the authenticator app, or a recovery code, to POST /auth/mfa/verify.",
    members: {
      mfa_token: token,
      methods: ["totp", "recovery_code"],
      expires_in: mfaLimits.pendingSignInSeconds,
    },
  });
}
