import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { AppError } from "#core/errors";
import type { App, AppEnvironment, AppRequest } from "./app-types.ts";
import { problemResponse } from "./problem.ts";

type KnownPaths = {
  /** What is allowed by path, of paths without parameters. */
  readonly literal: ReadonlyMap<string, readonly string[]>;
  readonly patterns: readonly { readonly pattern: RegExp; readonly methods: ReadonlySet<string> }[];
};

/**
 * Keeps a path that is written out apart from the routes with a parameter in its place: `PATCH /cart/merge` changes no
 * line of the name "merge".
 */
export function keepNamesApart(app: App): MiddlewareHandler<AppEnvironment> {
  return createMiddleware<AppEnvironment>(async (request, next) => {
    const { path, method } = request.req;
    const allowed = knownPathsOf(app).literal.get(path);
    return allowed === undefined || allowed.includes(method) ? next() : refuseMethod(request, allowed);
  });
}

/**
 * Answers what no route takes: OPTIONS with what the path allows, another method of a known path with 405 and Allow,
 * a known path with a slash too many with the way to it, and everything else with 404.
 */
export function answerOtherwise(app: App): (request: AppRequest) => Response {
  return (request) => {
    const known = knownPathsOf(app);
    const { path, method } = request.req;
    const allowed = methodsOf(known, path);
    if (allowed.length > 0) return method === "OPTIONS" ? optionsOf(allowed) : refuseMethod(request, allowed);
    const trimmed = path.replace(/\/+$/, "");
    if (trimmed === path || methodsOf(known, trimmed).length === 0)
      throw new AppError("not_found", { detail: "There is no such route; GET /openapi.json lists them." });
    const { pathname, search } = new URL(request.req.url);
    return request.redirect(pathname.replace(/\/+$/, "") + search, 308);
  };
}

function optionsOf(allowed: readonly string[]): Response {
  return new Response(null, { status: 204, headers: { allow: allowed.join(", ") } });
}

function refuseMethod(request: AppRequest, allowed: readonly string[]): Response {
  const detail = `Here are ${allowed.join(", ")}.`;
  const response = problemResponse(request, new AppError("method_not_allowed", { detail }));
  response.headers.set("allow", allowed.join(", "));
  return response;
}

function methodsOf({ literal, patterns }: KnownPaths, path: string): readonly string[] {
  const fitting = () => patterns.flatMap((each) => (each.pattern.test(path) ? [...each.methods] : []));
  return literal.get(path) ?? allowedOf(fitting());
}

/** The methods of a path's routes, and those that come with them. */
function allowedOf(ofRoutes: Iterable<string>): readonly string[] {
  const methods = new Set(ofRoutes);
  if (methods.size === 0) return [];
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods.add("OPTIONS")].toSorted();
}

const knownPaths = new WeakMap<App, KnownPaths>();

/** The routes do not change once they are asked. */
function knownPathsOf(app: App): KnownPaths {
  const known = knownPaths.get(app) ?? sortPaths(app);
  knownPaths.set(app, known);
  return known;
}

/** Routes by path; what is mounted for all methods is no route but a gate before them. */
function sortPaths(app: App): KnownPaths {
  const byPath = new Map<string, Set<string>>();
  for (const { path, method } of app.routes) {
    if (method === "ALL") continue;
    byPath.set(path, (byPath.get(path) ?? new Set()).add(method));
  }
  return {
    literal: new Map(
      [...byPath].flatMap(([path, methods]) => (path.includes(":") ? [] : [[path, allowedOf(methods)]])),
    ),
    patterns: [...byPath].map(([path, methods]) => ({ pattern: patternOf(path), methods })),
  };
}

function patternOf(path: string): RegExp {
  const segments = path.split("/").map((segment) => (segment.startsWith(":") ? "[^/]+" : literally(segment)));
  return new RegExp(`^${segments.join("/")}$`);
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
