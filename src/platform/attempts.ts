import { AppError } from "#core/errors";
import type { Context } from "./context.ts";
import { type RatePolicy, countRequest, uncountRequest } from "./rate-limit.ts";

/**
 * Runs an attempt at proving something about this subject, which throws when it fails. Only failures count.
 * @throws AppError rate_limited when there were too many of them; dependency_unavailable when none can be counted.
 */
export async function limitFailures<Result>(
  context: Context,
  { policy, subject }: { policy: RatePolicy; subject: string },
  attempt: () => Promise<Result>,
): Promise<Result> {
  const { allowed, resetSeconds } = await countRequest(context, policy, subject);
  if (!allowed)
    throw new AppError("rate_limited", {
      detail: `At most ${policy.requestsMax} failed attempts in ${policy.windowSeconds} seconds. Wait and try again.`,
      retryAfterSeconds: resetSeconds,
    });
  const result = await attempt();
  context.afterResponse(uncountRequest(context, policy, subject));
  return result;
}
