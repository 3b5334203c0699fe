import { createMiddleware } from "hono/factory";
import { z } from "zod";
import { sha256Hex } from "#core/canonical-json";
import { type RatePolicy, countRequest, uncountRequest } from "#platform/rate-limit";
import type { AppEnvironment, AppRequest } from "./app-types.ts";
import { networkOf } from "./network.ts";
import { describeLimits, refuseForNow } from "./rate-fields.ts";

/**
 * Limits attempts at an account twice: by the e-mail in the body, against guessing one password, and by network
 * address, against guessing many. An attempt that succeeds is taken back from the e-mail's count, so that only failures
 * lock.
 */
export function limitAttempts(policies: { byEmail: RatePolicy; byAddress: RatePolicy }) {
  return createMiddleware<AppEnvironment>(async (request, next) => {
    const { context } = request.var;
    const { byEmail } = policies;
    const byAddress = scaled(policies.byAddress, context.settings.RATE_LIMIT_SCALE);
    const email = await emailSubjectOf(request);
    const verdicts = await Promise.all([
      countRequest(context, byAddress, networkOf(request.req.header("cf-connecting-ip"))),
      ...(email === undefined ? [] : [countRequest(context, byEmail, email)]),
    ]);
    const refusal = verdicts.find(({ allowed }) => !allowed);
    if (refusal === undefined) {
      await next();
      if (request.res.ok && email !== undefined)
        context.afterResponse(uncountRequest(context, byEmail, email));
    } else request.res = refuseForNow(request, refusal);
    describeLimits(request, verdicts);
  });
}

function scaled(policy: RatePolicy, factor: number): RatePolicy {
  return { ...policy, requestsMax: Math.round(policy.requestsMax * factor) };
}

const BodyWithEmail = z.object({ email: z.string() });

/** A hash of the e-mail in the body, for the counters know no addresses; undefined when the body names none. */
async function emailSubjectOf(request: AppRequest): Promise<string | undefined> {
  const text = await request.req.text();
  const body = BodyWithEmail.safeParse(jsonOrUndefined(text));
  return body.success ? sha256Hex(body.data.email.trim().toLowerCase()) : undefined;
}

/** A body that is not JSON is refused later, where bodies are validated. */
function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
