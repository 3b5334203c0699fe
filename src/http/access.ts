import type { RouteConfig } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { AppError, type ErrorCode } from "#core/errors";
import {
  type Permission,
  dangerousPermissions,
  looksAtPeople,
  permissions,
  powerOverPower,
} from "#core/permissions";
import { type Principal, type UserPrincipal, isStronglyProven, permissionsOf } from "#core/principal";
import { type Context, actingAs } from "#platform/context";
import { readStanding } from "#platform/staff-standing";
import { sessionStands } from "#platform/standing-session";
import type { AppEnvironment } from "./app-types.ts";
import { audited } from "./audit.ts";
import { requireRecentSignIn } from "./auth.ts";
import { requireQueueSignature } from "./queue-signature.ts";
import type { Access } from "./route-access.ts";

type Security = NonNullable<RouteConfig["security"]>;

/** What follows from an access: the check, how the description shows it, and how it refuses. */
export type AccessRule = {
  readonly middleware: readonly MiddlewareHandler<AppEnvironment>[];
  readonly security: Security;
  readonly problems: readonly ErrorCode[];
};

const badToken = ["invalid_token", "token_expired"] as const;

const requireUser = createMiddleware<AppEnvironment>(async (request, next) => {
  const { principal } = request.var.context;
  if (principal.kind !== "user") throw new AppError("unauthenticated", { detail: howToSignIn });
  return next();
});

/** Where an account is at stake, a session that was ended opens nothing any more. */
const requireStandingSession = createMiddleware<AppEnvironment>(async (request, next) => {
  const { context } = request.var;
  const { principal } = context;
  if (principal.kind === "user" && !(await sessionStands(context, principal)))
    throw new AppError("invalid_token", { detail: "This session has ended. Sign in at POST /auth/login." });
  return next();
});

const howToSignIn = "Send Authorization: Bearer <access token>.";

const rules: Record<Exclude<Access, Permission>, AccessRule> = {
  public: { middleware: [], security: [], problems: [] },
  anyone: { middleware: [], security: [{}, { bearer: [] }], problems: badToken },
  "cart holder": {
    middleware: [],
    security: [{ bearer: [] }, { cartToken: [] }, {}],
    problems: badToken,
  },
  "order holder": { middleware: [], security: [{ bearer: [] }, { orderToken: [] }], problems: badToken },
  "ticket holder": { middleware: [], security: [{ liveTicket: [] }], problems: badToken },
  "signed in": {
    middleware: [requireUser],
    security: [{ bearer: [] }],
    problems: [...badToken, "unauthenticated"],
  },
  "signed in lately": {
    middleware: [requireUser, requireRecentSignIn, requireStandingSession],
    security: [{ bearer: [] }],
    problems: [...badToken, "unauthenticated", "step_up_required"],
  },
  "our queue": {
    middleware: [requireQueueSignature],
    security: [{ queueSignature: [] }],
    problems: ["invalid_signature", ...badToken],
  },
  // Their verbs check the signature: it is over the raw body, which is stored as it came.
  Stripe: {
    middleware: [],
    security: [{ stripeSignature: [] }],
    problems: ["invalid_signature", ...badToken],
  },
  PayPal: {
    middleware: [],
    security: [{ paypalSignature: [] }],
    problems: ["invalid_signature", ...badToken],
  },
};

export function ruleOf(access: Access): AccessRule {
  if (!isPermission(access)) return rules[access];
  const security = [{ bearer: [access] }];
  const problems = [
    ...badToken,
    "unauthenticated",
    "forbidden",
    "mfa_enrolment_required",
    "step_up_required",
  ] as const;
  const audit = looksAtPeople.has(access) ? audited : auditWrites;
  const recent = powerOverPower.has(access) ? [requireRecentSignIn] : [];
  return { middleware: [requirePermission(access), ...recent, audit], security, problems };
}

function isPermission(access: Access): access is Permission {
  return access in permissions;
}

/** The one place where staff is let through: 401 for guests, 403 for whoever lacks the permission. */
function requirePermission(permission: Permission) {
  return createMiddleware<AppEnvironment>(async (request, next) => {
    const { context } = request.var;
    const { principal, hasSecondFactor } = await withPower(context);
    if (!permissionsOf(principal).has(permission))
      throw new AppError("forbidden", { detail: `This needs the permission ${permission}.` });
    if (principal.kind === "user" && context.settings.STAFF_MFA === "required")
      requireStrongProof(principal, hasSecondFactor);
    request.set("context", actingAs(context, principal));
    return next();
  });
}

/** The principal with the permissions that it has right now. */
async function withPower(context: Context): Promise<{ principal: Principal; hasSecondFactor: boolean }> {
  const { principal } = context;
  if (principal.kind === "guest") throw new AppError("unauthenticated", { detail: howToSignIn });
  if (principal.kind !== "user") return { principal, hasSecondFactor: false };
  const { permissions: held, hasSecondFactor } = await readStanding(context, principal);
  return { principal: { ...principal, permissions: held }, hasSecondFactor };
}

/**
 * Whoever holds dangerous permissions proves more than a password, for anything that staff does. The factor must be
 * there still: a session outlives it.
 */
function requireStrongProof(principal: UserPrincipal, hasSecondFactor: boolean): void {
  if (![...principal.permissions].some((held) => dangerousPermissions.has(held))) return;
  if (!hasSecondFactor)
    throw new AppError("mfa_enrolment_required", {
      detail:
        "Your permissions ask for an authenticator app or a passkey. Set one up at POST /auth/mfa/totp or POST /auth/passkeys/options, then prove it at POST /auth/step-up and repeat with the access token that you get.",
      members: { enrol: ["/auth/mfa/totp", "/auth/passkeys/options"] },
    });
  if (!isStronglyProven(principal))
    throw new AppError("step_up_required", {
      detail:
        "Your permissions ask for more than a password: send a code of your authenticator app, or use your passkey, at POST /auth/step-up, and repeat with the access token that you get.",
      members: { methods: ["totp", "recovery_code", "passkey"] },
    });
}

/** What the staff changes goes into the audit log. */
const auditWrites = createMiddleware<AppEnvironment>(async (request, next) => {
  const { method } = request.req;
  return method === "GET" || method === "HEAD" ? next() : audited(request, next);
});

/** The ways in which a request tells who sends it, for the description. */
export const securitySchemes = {
  cartToken: { type: "apiKey", in: "header", name: "Cart-Token", description: "A guest's key to the cart." },
  orderToken: {
    type: "apiKey",
    in: "header",
    name: "Order-Token",
    description: "A guest's key to one order: its `access_token`.",
  },
  liveTicket: { type: "apiKey", in: "query", name: "ticket", description: "Of POST /live/ticket." },
  queueSignature: { type: "apiKey", in: "header", name: "Upstash-Signature" },
  stripeSignature: { type: "apiKey", in: "header", name: "Stripe-Signature" },
  paypalSignature: { type: "apiKey", in: "header", name: "Paypal-Transmission-Sig" },
} as const;
