import { setImmediate as nextTurn } from "node:timers/promises";
import { SearchIndex } from "./engine/search-index.ts";
import type { IndexStore, StoredIndex } from "./index-store.ts";

/** Documents indexed between two turns of the event loop: a few milliseconds of work. */
export const CHUNK_SIZE = 100;

export type SearchIndexes = ReturnType<typeof createSearchIndexes>;

/** The indexes in memory, each built from the store when first asked for. */
export function createSearchIndexes(store: IndexStore) {
  const indexes = new Map<number, Promise<SearchIndex>>();

  const build = async (stored: StoredIndex): Promise<SearchIndex> => {
    const index = new SearchIndex(stored.settings);
    let last = "";
    for (;;) {
      const documents = store.documentsAfter(stored, last, CHUNK_SIZE);
      for (const { id, document } of documents) index.add(id, document);
      last = documents.at(-1)?.id ?? last;
      if (documents.length < CHUNK_SIZE) return index;
      await nextTurn();
    }
  };

  const open = async (stored: StoredIndex): Promise<SearchIndex> => {
    const known = indexes.get(stored.number);
    if (known !== undefined) return known;
    const building = build(stored);
    indexes.set(stored.number, building);
    building.catch(() => indexes.delete(stored.number));
    return building;
  };

  return {
    open,

    /** Reads every document again; searches are answered from the old index meanwhile. */
    async rebuild(stored: StoredIndex): Promise<void> {
      const index = await build(stored);
      indexes.set(stored.number, Promise.resolve(index));
    },

    forget(stored: StoredIndex): void {
      indexes.delete(stored.number);
    },
  };
}
