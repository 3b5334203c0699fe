import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { type RatePolicy, countRequest } from "#platform/rate-limit";

/**
 * Counts one request of this subject.
 * @throws AppError rate_limited beyond the policy; dependency_unavailable when nothing can be counted.
 */
export async function keepPace(context: Context, policy: RatePolicy, subject: string): Promise<void> {
  const { allowed, resetSeconds } = await countRequest(context, policy, subject);
  if (allowed) return;
  throw new AppError("rate_limited", {
    detail: `At most ${policy.requestsMax} in ${policy.windowSeconds} seconds. Wait and try again.`,
    retryAfterSeconds: resetSeconds,
    members: { policy: policy.name },
  });
}

/** The same for a network address, whose limits tests and load tests stretch, since they come from a single one. */
export function keepPaceOfNetwork(context: Context, policy: RatePolicy, network: string): Promise<void> {
  const requestsMax = Math.round(policy.requestsMax * context.settings.RATE_LIMIT_SCALE);
  return keepPace(context, { ...policy, requestsMax }, network);
}
