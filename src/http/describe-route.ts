import { type RouteConfig, createRoute } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { AppError, type ErrorCode } from "#core/errors";
import type { AppEnvironment } from "./app-types.ts";
import { ruleOf } from "./access.ts";
import { bodyErrors, problems } from "./openapi.ts";
import { type RouteName, routeAccess } from "./route-access.ts";

/** Asks for a property that nobody has, so that the compiler's message says what to do. */
type Listed<Route extends { method: string; path: string }> =
  `${Uppercase<Route["method"]> & string} ${Route["path"]}` extends RouteName
    ? unknown
    : { "say in src/http/route-access.ts who may use this route": never };

type Middleware = MiddlewareHandler<AppEnvironment>;

/** Middleware and security come from the table; a route may add middleware of its own, which runs after the check. */
type Described<Path extends string> = Omit<RouteConfig, "path" | "security"> & { path: Path };

/**
 * Describes a route of the table `routeAccess`; another does not compile. Adds what follows from its entry: the check,
 * the `security` of the description, and the refusals.
 */
export function describeRoute<Path extends string, Route extends Described<Path>>(
  route: Route & Listed<Route>,
) {
  const access = routeAccess[`${route.method.toUpperCase()} ${route.path}` as RouteName];
  const rule = ruleOf(access);
  const own = route.middleware === undefined ? [] : [route.middleware].flat();
  const described = {
    ...route,
    middleware: [...rule.middleware, ...bodyMiddleware(route), ...own],
    security: rule.security,
    responses: mergeResponses(route.responses, problems(...rule.problems, ...gateProblems(route.method))),
  };
  // What was added are middleware and answers that are thrown: nothing that a handler's type depends on.
  return createRoute<Path, Route & { middleware: Middleware[] }>(described);
}

function bodyMiddleware({ request }: Pick<RouteConfig, "request">): Middleware[] {
  const body = request?.body;
  if (body === undefined || !("application/json" in body.content)) return [];
  return [body.required === true ? requireBody : fillBody];
}

/** A body comes with its type, which was looked at before; what has no type has no body. */
const requireBody = createMiddleware<AppEnvironment>(async (request, next) => {
  if (request.req.header("content-type") === undefined)
    throw new AppError("invalid_request", {
      detail: "Send a JSON body with Content-Type: application/json.",
      errors: [{ pointer: "", code: "required", detail: "is missing" }],
    });
  return next();
});

/** No body becomes an empty object, so that the route's schema reads it and fills in what was left out. */
const fillBody = createMiddleware<AppEnvironment>(async (request, next) => {
  if ((await request.req.text()) === "") {
    const { raw } = request.req;
    const headers = new Headers(raw.headers);
    headers.set("Content-Type", "application/json");
    request.req.raw = new Request(raw.url, { method: raw.method, headers, body: "{}", signal: raw.signal });
    request.req.bodyCache = {};
  }
  return next();
});

/** How the gates before all routes refuse: too much, too often, or what is no JSON. */
function gateProblems(method: RouteConfig["method"]): readonly ErrorCode[] {
  const everywhere = ["rate_limited", "uri_too_long", "invalid_consistency_token"] as const;
  return method === "get" ? everywhere : [...everywhere, "cross_site_refused", ...bodyErrors];
}

type Responses = RouteConfig["responses"];

/** Both sets of problems; where they meet at one status, both lists of codes. */
function mergeResponses(own: Responses, added: ReturnType<typeof problems>): Responses {
  const merged: Responses = { ...added, ...own };
  for (const [status, { description }] of Object.entries(added)) {
    const mine = own[status];
    if (mine === undefined || !("description" in mine)) continue;
    const listed = mine.description?.split("; ") ?? [];
    merged[status] = {
      ...mine,
      description: [...new Set([...listed, ...description.split("; ")])].join("; "),
    };
  }
  return merged;
}
