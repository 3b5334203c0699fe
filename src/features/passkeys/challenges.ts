import { z } from "zod";
import { AppError } from "#core/errors";
import { idSchema } from "#core/ids";
import type { OneTime } from "#platform/one-time";
import { passkeyLimits } from "./rules.ts";

const Registration = z.object({ userId: idSchema("user") });

/** A challenge to make a passkey, which is its own secret: the browser sends it back inside what is signed. */
export const registrationChallenges: OneTime<typeof Registration> = {
  name: "passkey-registration",
  schema: Registration,
  lifeSeconds: passkeyLimits.challengeSeconds,
};

const Use = z.object({});

/** A challenge to use one, whosever it is. */
export const useChallenges: OneTime<typeof Use> = {
  name: "passkey-use",
  schema: Use,
  lifeSeconds: passkeyLimits.challengeSeconds,
};

/** One refusal for whatever is wrong with a passkey's answer. */
export function passkeyRefused(): AppError {
  return new AppError("passkey_refused", {
    detail: "The passkey is not known here, or its answer does not fit. Ask for new options and try again.",
  });
}
