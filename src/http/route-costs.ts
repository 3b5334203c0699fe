import { matchedRoutes } from "hono/route";
import type { AppRequest } from "./app-types.ts";
import { type Access, type RouteName, routeAccess } from "./route-access.ts";

/**
 * What a request costs, in units of a plain read, and how it is counted: `loosely` after the answer, and so that
 * nothing stops while Redis is away, or `strictly` before anything happens, and refused where nobody can count.
 */
export type RouteCost = { readonly units: number; readonly counted: "loosely" | "strictly" };

const free: RouteCost = { units: 0, counted: "loosely" };
const read: RouteCost = { units: 1, counted: "loosely" };
const write: RouteCost = { units: 5, counted: "loosely" };
const search: RouteCost = { units: 5, counted: "loosely" };
const heavy: RouteCost = { units: 50, counted: "loosely" };
const guarded: RouteCost = { units: 20, counted: "strictly" };

/** Changes something. */
type Write = `${"POST" | "PUT" | "PATCH" | "DELETE"} /${string}`;

/** Routes that anybody may send to, before anybody is known. */
type OpenRoute = {
  [Name in RouteName]: (typeof routeAccess)[Name] extends "public" ? Name : never;
}[RouteName];

/**
 * Where passwords, codes and tokens are tried, and where strangers write, nothing follows from the method: each of
 * these says what it costs, or does not compile.
 */
type MustSay = Extract<RouteName, Write & `${string} /auth/${string}`> | OpenRoute;

const explicitCosts: Readonly<Record<MustSay, RouteCost> & Partial<Record<RouteName, RouteCost>>> = {
  "GET /health": free,
  "GET /ready": write,
  "GET /openapi.json": read,
  "GET /docs": read,
  "GET /.well-known/jwks.json": read,
  "GET /search": search,

  "POST /auth/login": guarded,
  "POST /auth/register": guarded,
  "POST /auth/refresh": { units: 5, counted: "strictly" },
  "POST /auth/logout": write,
  "DELETE /auth/sessions": write,
  "DELETE /auth/sessions/{id}": write,
  "POST /auth/email/verify": guarded,
  "POST /auth/email/verification": guarded,
  "POST /auth/email/change": guarded,
  "POST /auth/password/forgot": guarded,
  "POST /auth/password/reset": guarded,
  "POST /auth/password/change": guarded,
  "POST /auth/step-up": guarded,
  "PATCH /auth/profile": write,
  "GET /auth/oauth/{provider}": { units: 5, counted: "strictly" },
  "GET /auth/oauth/{provider}/callback": guarded,
  "POST /auth/oauth/exchange": guarded,
  "POST /auth/identities": guarded,
  "POST /auth/identities/{provider}": write,
  "DELETE /auth/identities/{provider}": write,
  "POST /auth/passkeys/sign-in/options": { units: 5, counted: "strictly" },
  "POST /auth/passkeys/sign-in": guarded,
  "POST /auth/passkeys/options": write,
  "POST /auth/passkeys": guarded,
  "PATCH /auth/passkeys/{id}": write,
  "DELETE /auth/passkeys/{id}": write,
  "POST /auth/mfa/verify": guarded,
  "POST /auth/mfa/totp": write,
  "POST /auth/mfa/totp/confirm": guarded,
  "DELETE /auth/mfa/totp": guarded,
  "POST /auth/mfa/recovery-codes": guarded,

  "POST /orders": guarded,
  "POST /orders/{id}/returns": guarded,
  "POST /payment/checkout": guarded,
  "POST /payment/confirm": { units: 10, counted: "strictly" },

  "GET /customers/me/export": heavy,
  "DELETE /customers/me": heavy,
  "POST /admin/privacy/guest-erasures": heavy,
  "DELETE /admin/customers/{id}": heavy,
  "POST /admin/products/bulk": heavy,
  "GET /admin/products/export": heavy,
  "POST /admin/products/import": heavy,
  "POST /admin/search/rebuild": heavy,
  "POST /admin/search/check": heavy,
  "POST /admin/inventory/reconcile": heavy,
  "POST /admin/reconciliation": heavy,
};

/** Names of the routes by how the router writes them. */
const routeNames = new Map(
  Object.keys(routeAccess).map((name) => [name.replaceAll(/\{(\w+)\}/g, ":$1"), name as RouteName]),
);

/** The route that will answer, or undefined for an address that has none. */
export function routeNameOf(request: AppRequest): RouteName | undefined {
  const route = matchedRoutes(request).find(({ method }) => method !== "ALL");
  return route === undefined ? undefined : routeNames.get(`${route.method} ${route.path}`);
}

/** Whoever sends these is known by signature, and comes as often as there is something to tell. */
const deliveries: ReadonlySet<Access> = new Set<Access>(["our queue", "Stripe", "PayPal"]);

/** The cost of a route; an address that has none costs what a read does. */
export function costOf(name: RouteName | undefined): RouteCost {
  if (name === undefined) return read;
  if (deliveries.has(routeAccess[name])) return free;
  return explicitCosts[name] ?? (name.startsWith("GET ") ? read : write);
}
