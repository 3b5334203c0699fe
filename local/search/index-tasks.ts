import { z } from "zod";
import { needsRebuild } from "./engine/search-index.ts";
import type { TaskContext } from "./document-tasks.ts";
import type { StoredIndex } from "./index-store.ts";
import { MeilisearchError } from "./meilisearch-error.ts";
import { changeSettings } from "./settings.ts";
import type { TaskDetails } from "./task-store.ts";

export const IndexCreation = z.object({ primaryKey: z.string().nullable() });
export const IndexUpdate = z.object({ primaryKey: z.string().nullable(), newUid: z.string().nullable() });
export const SettingsUpdate = z.object({
  change: z.record(z.string(), z.unknown()),
  createsIndex: z.boolean(),
});
export const IndexSwaps = z.array(
  z.object({ indexes: z.tuple([z.string(), z.string()]), rename: z.boolean().default(false) }),
);

export function createIndex(
  indexUid: string,
  { primaryKey }: z.infer<typeof IndexCreation>,
  { store }: TaskContext,
) {
  store.createIndex(indexUid, primaryKey);
  return {};
}

export async function deleteIndex(indexUid: string, { store, indexes }: TaskContext): Promise<TaskDetails> {
  const stored = store.getIndex(indexUid);
  const { documents } = store.sizeOf(stored);
  store.removeIndex(stored);
  indexes.forget(stored);
  return { deletedDocuments: documents };
}

export function updateIndex(
  indexUid: string,
  { primaryKey, newUid }: z.infer<typeof IndexUpdate>,
  { store }: TaskContext,
): TaskDetails {
  const stored = store.getIndex(indexUid);
  if (primaryKey !== null && stored.primaryKey !== null && primaryKey !== stored.primaryKey) {
    if (store.sizeOf(stored).documents > 0) {
      throw new MeilisearchError(
        "index_primary_key_already_exists",
        `Index \`${indexUid}\`: Index already has a primary key: \`${stored.primaryKey}\`.`,
      );
    }
  }
  if (newUid !== null && newUid !== indexUid) refuseTaken(newUid, store.findIndex(newUid));
  store.saveIndex({ ...stored, primaryKey: primaryKey ?? stored.primaryKey, uid: newUid ?? indexUid });
  return {};
}

export async function updateSettings(
  indexUid: string,
  { change, createsIndex }: z.infer<typeof SettingsUpdate>,
  { store, indexes }: TaskContext,
): Promise<TaskDetails> {
  const stored =
    store.findIndex(indexUid) ??
    (createsIndex ? store.createIndex(indexUid, null) : store.getIndex(indexUid));
  const changed = { ...stored, settings: changeSettings(stored.settings, change) };
  const index = await indexes.open(stored);
  store.saveIndex(changed);
  if (needsRebuild(stored.settings, changed.settings)) await indexes.rebuild(changed);
  else index.settings = changed.settings;
  return {};
}

/** All swaps of a task happen together or not at all. */
export function swapIndexes(swaps: z.infer<typeof IndexSwaps>, { store }: TaskContext): TaskDetails {
  const missing = [
    ...new Set(swaps.flatMap(({ indexes: [left, right], rename }) => (rename ? [left] : [left, right]))),
  ]
    .filter((uid) => store.findIndex(uid) === undefined)
    .map((uid) => `\`${uid}\``);
  if (missing.length === 1) throw new MeilisearchError("index_not_found", `Index ${missing[0]} not found.`);
  if (missing.length > 1)
    throw new MeilisearchError("index_not_found", `Indexes ${missing.join(", ")} not found.`);
  for (const {
    indexes: [from, to],
    rename,
  } of swaps) {
    if (!rename) continue;
    refuseTaken(to, store.findIndex(to));
    store.saveIndex({ ...store.getIndex(from), uid: to });
  }
  store.swapIndexes(
    swaps
      .filter(({ rename }) => !rename)
      .map(({ indexes: [left, right] }) => [store.getIndex(left), store.getIndex(right)] as const),
  );
  return {};
}

export async function compactIndex(indexUid: string, { store, indexes }: TaskContext): Promise<TaskDetails> {
  await indexes.rebuild(store.getIndex(indexUid));
  return {};
}

function refuseTaken(uid: string, taken: StoredIndex | undefined): void {
  if (taken === undefined) return;
  throw new MeilisearchError("index_already_exists", `Index \`${uid}\` already exists.`);
}
