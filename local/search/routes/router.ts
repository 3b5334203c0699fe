import { MeilisearchError } from "../meilisearch-error.ts";
import { documentRoutes } from "./documents.ts";
import { indexRoutes } from "./indexes.ts";
import { keyRoutes } from "./keys.ts";
import type { Call, Reply, Route, Services } from "./route.ts";
import { searchRoutes } from "./search.ts";
import { settingsRoutes } from "./settings.ts";
import { systemRoutes } from "./system.ts";
import { taskRoutes } from "./tasks.ts";

/** A fixed path stands before the pattern that would also match it. */
const ROUTES = [
  ...systemRoutes,
  ...searchRoutes,
  ...settingsRoutes,
  ...documentRoutes,
  ...indexRoutes,
  ...taskRoutes,
  ...keyRoutes,
].map((route) => ({ route, segments: route.path.split("/").slice(1) }));

export type Request = Omit<Call, "parameter" | "grant">;

export type MatchedRoute = { route: Route; parameters: ReadonlyMap<string, string> };

/** Authorises the call and answers it. */
export async function answerCall(
  { route, parameters }: MatchedRoute,
  request: Request,
  services: Services,
): Promise<Reply> {
  const grant =
    route.action === null
      ? {}
      : services.access.authorise(request.authorization, route.action, parameters.get("index"));
  const parameter = (name: string): string => {
    const value = parameters.get(name);
    if (value === undefined) throw new Error(`The route ${route.path} has no parameter ${name}.`);
    return value;
  };
  return route.handle({ ...request, grant, parameter }, services);
}

/** Throws `not_found` or `method_not_allowed`. */
export function matchRoute(method: string, path: string): MatchedRoute {
  const given = path.split("/").slice(1).map(decodeURIComponent);
  if (given.at(-1) === "") given.pop();
  const fitting = ROUTES.filter(
    ({ segments }) =>
      segments.length === given.length &&
      segments.every((segment, index) => segment.startsWith(":") || segment === given[index]),
  );
  const found = fitting.find(({ route }) => route.method === method);
  if (found === undefined) {
    const code = fitting.length === 0 ? "not_found" : "method_not_allowed";
    throw new MeilisearchError(code, `There is no ${method} ${path}.`);
  }
  const parameters = new Map<string, string>();
  found.segments.forEach((segment, index) => {
    if (segment.startsWith(":")) parameters.set(segment.slice(1), given[index] ?? "");
  });
  return { route: found.route, parameters };
}
