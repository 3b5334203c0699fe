import { matchedRoutes } from "hono/route";
import type { AppRequest } from "./app-types.ts";
import { type RouteName, routeAccess } from "./route-access.ts";

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

/** What costs other than its method says. Deliveries are free: whoever sends them is known by signature. */
const routeCosts: Readonly<Partial<Record<RouteName, RouteCost>>> = {
  "GET /health": free,
  "GET /ready": write,
  "GET /search": search,
  "POST /auth/login": guarded,
  "POST /auth/register": guarded,
  "POST /auth/refresh": { units: 5, counted: "strictly" },
  "POST /auth/email/verify": guarded,
  "POST /auth/email/verification": guarded,
  "POST /auth/email/change": guarded,
  "POST /auth/password/forgot": guarded,
  "POST /auth/password/reset": guarded,
  "POST /auth/password/change": guarded,
  "POST /auth/mfa/verify": guarded,
  "POST /auth/step-up": guarded,
  "POST /orders": guarded,
  "POST /payment/checkout": guarded,
  "POST /payment/confirm": { units: 10, counted: "strictly" },
  "POST /admin/products/import": heavy,
  "POST /admin/search/rebuild": heavy,
  "POST /admin/inventory/reconcile": heavy,
  "POST /webhooks/stripe": free,
  "POST /webhooks/paypal": free,
  "POST /jobs/payment-events": free,
  "POST /jobs/outbox": free,
  "POST /jobs/search-rebuild": free,
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

/** The cost of a route; an address that has none costs what a read does. */
export function costOf(name: RouteName | undefined): RouteCost {
  if (name === undefined) return read;
  return routeCosts[name] ?? (name.startsWith("GET ") ? read : write);
}
