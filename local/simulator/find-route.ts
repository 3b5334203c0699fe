type Located = { method: string; /** `:id` stands for one segment. */ path: string };

export type FindRoute<Route> = (method: string, path: string) => { route: Route; id: string } | undefined;

export function createFindRoute<Route extends Located>(routes: readonly Route[]): FindRoute<Route> {
  const patterns = routes.map((route) => ({
    route,
    pattern: new RegExp(`^${route.path.replace(":id", "(?<id>[^/]+)")}$`),
  }));
  return (method, path) => {
    for (const { route, pattern } of patterns) {
      const match = route.method === method ? pattern.exec(path) : null;
      if (match !== null) return { route, id: decodeURIComponent(match.groups?.["id"] ?? "") };
    }
    return undefined;
  };
}
