import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { inTransaction } from "../sqlite-transaction.ts";
import { Document } from "./engine/attribute-path.ts";
import { indexNotFound, MeilisearchError } from "./meilisearch-error.ts";
import { defaultSettings, Settings } from "./settings.ts";

/** An index as stored. Its number never changes; its uid does when indexes are swapped. */
export type StoredIndex = {
  number: number;
  uid: string;
  primaryKey: string | null;
  settings: Settings;
  createdAt: string;
  updatedAt: string;
};

const IndexRow = z
  .object({
    number: z.number(),
    uid: z.string(),
    primary_key: z.string().nullable(),
    settings: z.string(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .transform((row): StoredIndex => ({
    number: row.number,
    uid: row.uid,
    primaryKey: row.primary_key,
    settings: Settings.parse(JSON.parse(row.settings)),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));

const BodyRow = z.object({ id: z.string(), body: z.string() });

export type IndexStore = ReturnType<typeof createIndexStore>;

/** Indexes and their documents on disk. The parsed indexes are few and kept, the documents are not. */
export function createIndexStore(database: DatabaseSync) {
  const selectIndexes = database.prepare("select * from indexes order by uid");
  const insertIndex = database.prepare(
    "insert into indexes (uid, primary_key, settings, created_at, updated_at) values (?, ?, ?, ?, ?)",
  );
  const updateIndex = database.prepare(
    "update indexes set uid = ?, primary_key = ?, settings = ?, updated_at = ? where number = ?",
  );
  const deleteIndex = database.prepare("delete from indexes where number = ?");
  const selectDocument = database.prepare("select id, body from documents where index_number = ? and id = ?");
  const selectAfter = database.prepare(
    "select id, body from documents where index_number = ? and id > ? order by id limit ?",
  );
  const upsertDocument = database.prepare(
    "insert into documents (index_number, id, body) values (?, ?, ?) on conflict do update set body = excluded.body",
  );
  const deleteDocument = database.prepare("delete from documents where index_number = ? and id = ?");
  const deleteAll = database.prepare("delete from documents where index_number = ?");
  const selectSize = database.prepare(
    "select count(*) as documents, coalesce(sum(length(body)), 0) as bytes from documents where index_number = ?",
  );
  let known: Map<string, StoredIndex> | undefined;

  const byUid = (): Map<string, StoredIndex> => {
    known ??= new Map(
      z
        .array(IndexRow)
        .parse(selectIndexes.all())
        .map((index) => [index.uid, index]),
    );
    return known;
  };
  const findIndex = (uid: string): StoredIndex | undefined => byUid().get(uid);
  const getIndex = (uid: string): StoredIndex => {
    const index = findIndex(uid);
    if (index === undefined) throw indexNotFound(uid);
    return index;
  };
  const createIndex = (uid: string, primaryKey: string | null): StoredIndex => {
    if (findIndex(uid) !== undefined) {
      throw new MeilisearchError("index_already_exists", `Index \`${uid}\` already exists.`);
    }
    const now = new Date().toISOString();
    insertIndex.run(uid, primaryKey, JSON.stringify(defaultSettings()), now, now);
    known = undefined;
    return getIndex(uid);
  };
  const saveIndex = (index: StoredIndex): void => {
    const now = new Date().toISOString();
    updateIndex.run(index.uid, index.primaryKey, JSON.stringify(index.settings), now, index.number);
    known = undefined;
  };

  return {
    listIndexes: () => [...byUid().values()],
    findIndex,
    getIndex,
    createIndex,
    saveIndex,

    removeIndex(index: StoredIndex): void {
      inTransaction(database, () => deleteIndex.run(index.number));
      known = undefined;
    },

    /** Exchanges names, so that whoever asks for one finds the documents and settings of the other. */
    swapIndexes(pairs: readonly (readonly [StoredIndex, StoredIndex])[]): void {
      inTransaction(database, () => {
        for (const [left, right] of pairs) {
          saveIndex({ ...left, uid: `${left.uid} (being swapped)` });
          saveIndex({ ...right, uid: left.uid });
          saveIndex({ ...left, uid: right.uid });
        }
      });
      known = undefined;
    },

    findDocument(index: StoredIndex, id: string): Document | undefined {
      const row = selectDocument.get(index.number, id);
      return row === undefined ? undefined : parseBody(BodyRow.parse(row).body);
    },

    /** The next documents in the order of their ids; how a whole index is read without holding it. */
    documentsAfter(index: StoredIndex, id: string, limit: number): { id: string; document: Document }[] {
      return selectAfter.all(index.number, id, limit).map((row) => {
        const { id: found, body } = BodyRow.parse(row);
        return { id: found, document: parseBody(body) };
      });
    },

    putDocuments(index: StoredIndex, documents: readonly { id: string; document: Document }[]): void {
      inTransaction(database, () => {
        for (const { id, document } of documents)
          upsertDocument.run(index.number, id, JSON.stringify(document));
      });
    },

    removeDocuments(index: StoredIndex, ids: readonly string[]): void {
      inTransaction(database, () => {
        for (const id of ids) deleteDocument.run(index.number, id);
      });
    },

    removeAllDocuments(index: StoredIndex): void {
      deleteAll.run(index.number);
    },

    sizeOf(index: StoredIndex): { documents: number; bytes: number } {
      return z.object({ documents: z.number(), bytes: z.number() }).parse(selectSize.get(index.number));
    },
  };
}

function parseBody(body: string): Document {
  return Document.parse(JSON.parse(body));
}
