import { AppError } from "#core/errors";
import { minuteMs, secondMs } from "#core/time";
import type { Context } from "./context.ts";

/** For how long a proof of the owner is good for dangerous acts. */
const recentProofMs = 10 * minuteMs;

/**
 * Refuses whoever has not lately proven who they are, at a sign-in or at `POST /auth/step-up`.
 * @throws AppError step_up_required; unauthenticated for all who are no user.
 */
export function requireRecentProof({ principal, now }: Pick<Context, "principal" | "now">): void {
  if (principal.kind !== "user")
    throw new AppError("unauthenticated", { detail: "Send Authorization: Bearer <access token>." });
  if (principal.authenticatedAt < now() - recentProofMs)
    throw new AppError("step_up_required", {
      detail: `This needs a proof of the last ${recentProofMs / minuteMs} minutes that it is you. Send one to POST /auth/step-up and repeat with the access token that you get.`,
      members: { max_age: recentProofMs / secondMs },
    });
}
