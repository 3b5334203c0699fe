import type { RunningService, ServiceOptions } from "../service.ts";
import { startBuiltInServer } from "./built-in-server.ts";
import { findMeilisearchBinary, startMeilisearchBinary } from "./meilisearch-binary.ts";

export type SearchOptions = ServiceOptions & {
  masterKey: string;
  /** Where `MEILISEARCH_URL`, `MEILISEARCH_API_KEY` and `PATH` are looked up; left out, the built-in server runs. */
  environment?: Readonly<Record<string, string | undefined>>;
};

export type RunningSearch = RunningService & {
  /** What to send as bearer token: the given master key, or the remote server's key. */
  apiKey: string;
  engine: SearchEngine["kind"];
};

export type SearchEngine =
  | { kind: "remote"; url: string; apiKey: string }
  | { kind: "binary"; path: string }
  | { kind: "built-in" };

/** Starts the best search server that this machine has and says in the log which it is. */
export async function startSearch(options: SearchOptions): Promise<RunningSearch> {
  const engine = findMeilisearch(options.environment ?? {});
  const { masterKey: apiKey, log } = options;
  switch (engine.kind) {
    case "remote":
      log(`search: the Meilisearch at ${engine.url}`);
      return { url: engine.url, apiKey: engine.apiKey, engine: engine.kind, stop: async () => {} };
    case "binary": {
      const running = await startMeilisearchBinary(engine.path, options);
      log(`search: ${engine.path} at ${running.url}`);
      return { ...running, apiKey, engine: engine.kind };
    }
    case "built-in": {
      const running = await startBuiltInServer(options);
      log(`search: the built-in engine at ${running.url}`);
      return { ...running, apiKey, engine: engine.kind };
    }
  }
}

/** A named server first, then a `meilisearch` binary on the PATH, then our own. */
export function findMeilisearch(environment: Readonly<Record<string, string | undefined>>): SearchEngine {
  const url = environment["MEILISEARCH_URL"];
  if (url !== undefined && url !== "") {
    return { kind: "remote", url: url.replace(/\/+$/, ""), apiKey: environment["MEILISEARCH_API_KEY"] ?? "" };
  }
  const path = findMeilisearchBinary(environment["PATH"]);
  return path === undefined ? { kind: "built-in" } : { kind: "binary", path };
}
