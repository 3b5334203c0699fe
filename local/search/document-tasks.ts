import { setImmediate as nextTurn } from "node:timers/promises";
import { z } from "zod";
import { Document } from "./engine/attribute-path.ts";
import type { IndexStore, StoredIndex } from "./index-store.ts";
import { MeilisearchError } from "./meilisearch-error.ts";
import { CHUNK_SIZE, type SearchIndexes } from "./search-indexes.ts";
import type { TaskDetails } from "./task-store.ts";

export type TaskContext = { store: IndexStore; indexes: SearchIndexes };

export const DocumentAddition = z.object({
  documents: z.array(Document),
  primaryKey: z.string().nullable(),
  /** Fields that are left out keep their value. */
  isPartial: z.boolean(),
  /** Documents that do not exist yet are left out. */
  skipCreation: z.boolean(),
});
export type DocumentAddition = z.infer<typeof DocumentAddition>;

export const DocumentDeletion = z.discriminatedUnion("by", [
  z.object({ by: z.literal("ids"), ids: z.array(z.string()) }),
  z.object({ by: z.literal("filter"), filter: z.unknown() }),
  z.object({ by: z.literal("all") }),
]);
export type DocumentDeletion = z.infer<typeof DocumentDeletion>;

const DOCUMENT_ID = /^[A-Za-z0-9_-]{1,511}$/;

/** Adds, replaces or merges documents in chunks, each committed: running it again after a crash gives the same result. */
export async function addDocuments(
  indexUid: string,
  addition: DocumentAddition,
  { store, indexes }: TaskContext,
): Promise<TaskDetails> {
  const found = store.findIndex(indexUid) ?? store.createIndex(indexUid, null);
  const stored = withPrimaryKey(found, addition);
  const identified = addition.documents.map((document) => ({ id: documentId(stored, document), document }));
  store.saveIndex(stored);
  const index = await indexes.open(stored);
  for (let start = 0; start < identified.length; start += CHUNK_SIZE) {
    const chunk = new Map<string, Document>();
    for (const { id, document } of identified.slice(start, start + CHUNK_SIZE)) {
      if (addition.skipCreation && !index.has(id)) continue;
      const present = addition.isPartial ? (chunk.get(id) ?? store.findDocument(stored, id)) : undefined;
      chunk.set(id, { ...present, ...document });
    }
    store.putDocuments(
      stored,
      [...chunk].map(([id, document]) => ({ id, document })),
    );
    for (const [id, document] of chunk) index.add(id, document);
    await nextTurn();
  }
  if (index.isWasteful) await indexes.rebuild(stored);
  return { indexedDocuments: identified.length };
}

export async function deleteDocuments(
  indexUid: string,
  deletion: DocumentDeletion,
  { store, indexes }: TaskContext,
): Promise<TaskDetails> {
  const stored = store.getIndex(indexUid);
  const index = await indexes.open(stored);
  if (deletion.by === "all") {
    const deletedDocuments = index.size;
    store.removeAllDocuments(stored);
    indexes.forget(stored);
    store.saveIndex(stored);
    return { deletedDocuments };
  }
  const ids =
    deletion.by === "ids"
      ? [...new Set(deletion.ids)].filter((id) => index.has(id))
      : Array.from(filterDocuments(() => index.filter(deletion.filter)).members(), (document) =>
          index.idOf(document),
        );
  store.removeDocuments(stored, ids);
  for (const id of ids) index.remove(id);
  if (index.isWasteful) await indexes.rebuild(stored);
  store.saveIndex(stored);
  return { deletedDocuments: ids.length };
}

/** A filter that selects documents rather than search results is refused under its own code. */
export function filterDocuments<Result>(evaluate: () => Result): Result {
  try {
    return evaluate();
  } catch (fault) {
    if (fault instanceof MeilisearchError && fault.code === "invalid_search_filter") {
      throw new MeilisearchError("invalid_document_filter", fault.message);
    }
    throw fault;
  }
}

/** The first documents decide the primary key, unless it is named: the only field that ends in "id". */
function withPrimaryKey(stored: StoredIndex, { documents, primaryKey }: DocumentAddition): StoredIndex {
  const prefix = `Index \`${stored.uid}\``;
  if (stored.primaryKey !== null) {
    if (primaryKey === null || primaryKey === stored.primaryKey) return stored;
    throw new MeilisearchError(
      "index_primary_key_already_exists",
      `${prefix}: Index already has a primary key: \`${stored.primaryKey}\`.`,
    );
  }
  if (primaryKey !== null) return { ...stored, primaryKey };
  const [first] = documents;
  if (first === undefined) return stored;
  const [candidate, second] = Object.keys(first).filter((name) => /id$/i.test(name));
  if (candidate === undefined) {
    throw new MeilisearchError(
      "index_primary_key_no_candidate_found",
      `${prefix}: The primary key inference failed as the engine did not find any field ending with \`id\` in its name. Please specify the primary key manually using the \`primaryKey\` query parameter.`,
    );
  }
  if (second !== undefined) {
    throw new MeilisearchError(
      "index_primary_key_multiple_candidates_found",
      `${prefix}: The primary key inference failed as the engine found several fields ending with \`id\` in their names: '${candidate}' and '${second}'. Please specify the primary key manually using the \`primaryKey\` query parameter.`,
    );
  }
  return { ...stored, primaryKey: candidate };
}

function documentId({ uid, primaryKey }: StoredIndex, document: Document): string {
  const value = primaryKey === null ? undefined : document[primaryKey];
  if (value === undefined) {
    throw new MeilisearchError(
      "missing_document_id",
      `Index \`${uid}\`: Document doesn't have a \`${primaryKey}\` attribute: \`${JSON.stringify(document)}\`.`,
    );
  }
  if (typeof value === "number" && Number.isInteger(value)) return String(value);
  if (typeof value === "string" && DOCUMENT_ID.test(value)) return value;
  throw new MeilisearchError(
    "invalid_document_id",
    `Index \`${uid}\`: Document identifier \`${JSON.stringify(value)}\` is invalid. A document identifier can be of type integer or string, only composed of alphanumeric characters (a-z A-Z 0-9), hyphens (-) and underscores (_), and can not be more than 511 bytes.`,
  );
}
