import { Meilisearch } from "meilisearch";

const requestDeadlineMs = 5_000;

export function createSearch(settings: { url: string; apiKey: string }): Meilisearch {
  return new Meilisearch({ host: settings.url, apiKey: settings.apiKey, timeout: requestDeadlineMs });
}
