import { AppError } from "#core/errors";
import { epochMs, secondMs, toTimestamp } from "#core/time";
import type { RateVerdict } from "#platform/rate-limit";
import type { AppRequest } from "./app-types.ts";
import { problemResponse } from "./problem.ts";

/** The structured fields of the IETF's draft: what the limits are, and what is left of them. */
export function describeLimits(request: AppRequest, verdicts: readonly RateVerdict[]): void {
  const { headers } = request.res;
  for (const [name, value] of rateFields(verdicts)) headers.append(name, value);
}

/** The same fields by name; one that occurs twice is a list. */
export function rateFields(verdicts: readonly RateVerdict[]): [name: string, value: string][] {
  return verdicts.flatMap(({ policy: { name, requestsMax, windowSeconds }, remaining, resetSeconds }) => [
    ["RateLimit-Policy", `"${name}";q=${requestsMax};w=${windowSeconds}`],
    ["RateLimit", `"${name}";r=${remaining};t=${resetSeconds}`],
  ]);
}

/** 429, with the limit that was reached and when to come back. */
export function refuseForNow(request: AppRequest, { policy, resetSeconds }: RateVerdict): Response {
  const { name, requestsMax, windowSeconds } = policy;
  const retryAt = epochMs(request.var.context.now() + resetSeconds * secondMs);
  return problemResponse(
    request,
    new AppError("rate_limited", {
      detail: `At most ${requestsMax} in ${windowSeconds} seconds. Try again in ${resetSeconds} seconds.`,
      retryAfterSeconds: resetSeconds,
      members: { policy: name, retry_at: toTimestamp(retryAt) },
    }),
  );
}
