import { statsOf } from "./indexes.ts";
import { ok, type Route } from "./route.ts";

/** The Meilisearch whose protocol this server follows. */
const PROTOCOL_VERSION = "1.50.0";

export const systemRoutes: Route[] = [
  { method: "GET", path: "/health", action: null, handle: () => ok({ status: "available" }) },
  {
    method: "GET",
    path: "/version",
    action: "version",
    handle: () => ok({ commitSha: "local", commitDate: "unknown", pkgVersion: PROTOCOL_VERSION }),
  },
  {
    method: "GET",
    path: "/stats",
    action: "stats.get",
    handle: async (_call, services) => {
      const indexes: Record<string, unknown> = {};
      let bytes = 0;
      let lastUpdate: string | null = null;
      for (const stored of services.store.listIndexes()) {
        const stats = await statsOf(stored, services);
        indexes[stored.uid] = stats;
        bytes += stats.rawDocumentDbSize;
        if (lastUpdate === null || stored.updatedAt > lastUpdate) lastUpdate = stored.updatedAt;
      }
      return ok({ databaseSize: bytes, usedDatabaseSize: bytes, lastUpdate, indexes });
    },
  },
];
