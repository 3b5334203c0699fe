import { AppError } from "#core/errors";
import type { App, AppRequest } from "./app-types.ts";
import { problemResponse } from "./problem.ts";

type KnownPath = { readonly pattern: RegExp; readonly methods: Set<string> };

/**
 * Answers what no route takes: OPTIONS with what the path allows, another method of a known path with 405 and Allow,
 * a known path with a slash too many with the way to it, and everything else with 404.
 */
export function answerOtherwise(app: App): (request: AppRequest) => Response {
  let known: readonly KnownPath[] | undefined;
  return (request) => {
    known ??= knownPathsOf(app);
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

function methodsOf(known: readonly KnownPath[], path: string): string[] {
  const methods = new Set(known.flatMap((each) => (each.pattern.test(path) ? [...each.methods] : [])));
  if (methods.size === 0) return [];
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods.add("OPTIONS")].toSorted();
}

/** Routes by path; what is mounted for all methods is no route but a gate before them. */
function knownPathsOf(app: App): KnownPath[] {
  const byPath = new Map<string, Set<string>>();
  for (const { path, method } of app.routes) {
    if (method === "ALL") continue;
    byPath.set(path, (byPath.get(path) ?? new Set()).add(method));
  }
  return [...byPath].map(([path, methods]) => ({ pattern: patternOf(path), methods }));
}

function patternOf(path: string): RegExp {
  const segments = path.split("/").map((segment) => (segment.startsWith(":") ? "[^/]+" : literally(segment)));
  return new RegExp(`^${segments.join("/")}$`);
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
