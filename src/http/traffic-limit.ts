import { createMiddleware } from "hono/factory";
import { AppError } from "#core/errors";
import { actorOf } from "#core/principal";
import type { Settings } from "#platform/env";
import type { RatePolicy, RateSubject, RateVerdict } from "#platform/rate-limit";
import { type Counting, chargeLoosely, chargeStrictly } from "#platform/traffic";
import type { AppEnvironment, AppRequest } from "./app-types.ts";
import { networksOf } from "./network.ts";
import { describeLimits, refuseForNow } from "./rate-fields.ts";
import { routeAccess } from "./route-access.ts";
import { type RouteCost, costOf, routeNameOf } from "./route-costs.ts";

const windowSeconds = 60;

type Limit = "ADDRESS" | "SITE" | "ACCOUNT" | "BAD_CREDENTIALS";

type Policies = Readonly<Record<Limit, RatePolicy>>;

const policies = new WeakMap<Settings, Policies>();

function policiesOf(settings: Settings): Policies {
  const known = policies.get(settings);
  if (known !== undefined) return known;
  const policyOf = (limit: Limit): RatePolicy => {
    const name = limit.toLowerCase().replaceAll("_", "-");
    const requestsMax = Math.round(settings[`RATE_LIMIT_${limit}`] * settings.RATE_LIMIT_SCALE);
    return { name, requestsMax, windowSeconds };
  };
  const made = {
    ADDRESS: policyOf("ADDRESS"),
    SITE: policyOf("SITE"),
    ACCOUNT: policyOf("ACCOUNT"),
    BAD_CREDENTIALS: policyOf("BAD_CREDENTIALS"),
  };
  policies.set(settings, made);
  return made;
}

/** Requests of our own, which stand for some that were charged already. */
const charged = new WeakSet<Request>();

/** Lets this very request pass the limits of networks without being counted. */
export function markCharged(request: Request): void {
  charged.add(request);
}

/**
 * Charges a request without a token to where it comes from. One with a token is left to limitAccounts, unless the token
 * turns out to be nobody's; those who send too many of that kind are stopped before the next is looked at.
 */
export const limitNetworks = createMiddleware<AppEnvironment>(async (request, next) => {
  if (charged.has(request.req.raw)) return next();
  const route = routeNameOf(request);
  // A public route does not read the token, so none of its requests is anybody's.
  const isPublic = route !== undefined && routeAccess[route] === "public";
  const isNamed = !isPublic && request.req.header("authorization") !== undefined;
  const { context } = request.var;
  const { subjects, bad } = senderOf(context.settings, request.req.header("cf-connecting-ip"));
  const known = chargeLoosely(context, bad, 0);
  if (!known.allowed) {
    request.res = refuseForNow(request, known);
    describeLimits(request, [known]);
    return;
  }
  if (isNamed) await next();
  else await limited(request, { subjects, cost: costOf(route) }, next);
  if (hasBadCredentials(request.error)) chargeLoosely(context, bad, 1);
});

/** Charges what is asked with a good token or API key to its account or to that key, from wherever it comes. */
export const limitAccounts = createMiddleware<AppEnvironment>(async (request, next) => {
  const { principal, settings } = request.var.context;
  if (principal.kind !== "user" && principal.kind !== "api_key") return next();
  const account = { policy: policiesOf(settings).ACCOUNT, subject: actorOf(principal) };
  return limited(request, { subjects: [account], cost: costOf(routeNameOf(request)) }, next);
});

/** Whom the limits count a request from this address for, from near to far, and who its bad credentials fall to. */
type Sender = { readonly subjects: readonly RateSubject[]; readonly bad: RateSubject };

function senderOf(settings: Settings, address: string | undefined): Sender {
  const { ADDRESS, SITE, BAD_CREDENTIALS } = policiesOf(settings);
  const { network, site } = networksOf(address);
  const ofNetwork = { policy: ADDRESS, subject: network };
  return {
    subjects: site === undefined ? [ofNetwork] : [ofNetwork, { policy: SITE, subject: site }],
    bad: { policy: BAD_CREDENTIALS, subject: network },
  };
}

/** Charges a plain read to the network that it comes from; undefined when that may ask no more. */
export function chargeRead(
  counting: Counting,
  settings: Settings,
  address: string | undefined,
): readonly RateVerdict[] | undefined {
  const { subjects, bad } = senderOf(settings, address);
  if (!chargeLoosely(counting, bad, 0).allowed) return undefined;
  const { units } = costOf(undefined);
  const verdicts = subjects.map((subject) => chargeLoosely(counting, subject, units));
  return verdicts.every(({ allowed }) => allowed) ? verdicts : undefined;
}

type Charge = { subjects: readonly RateSubject[]; cost: RouteCost };

/** Goes on when all subjects may, and tells what is left to each. */
async function limited(
  request: AppRequest,
  { subjects, cost }: Charge,
  next: () => Promise<void>,
): Promise<void> {
  if (cost.units === 0) return next();
  const { context } = request.var;
  const verdicts: RateVerdict[] =
    cost.counted === "strictly"
      ? await Promise.all(subjects.map((subject) => chargeStrictly(context, subject, cost.units)))
      : subjects.map((subject) => chargeLoosely(context, subject, cost.units));
  const refusal = verdicts.find(({ allowed }) => !allowed);
  if (refusal === undefined) await next();
  else request.res = refuseForNow(request, refusal);
  describeLimits(request, verdicts);
}

const badCredentials = new Set(["invalid_token", "invalid_signature"]);

function hasBadCredentials(error: unknown): boolean {
  return error instanceof AppError && badCredentials.has(error.code);
}
