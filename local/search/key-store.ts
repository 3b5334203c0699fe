import { createHmac, randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { MeilisearchError } from "./meilisearch-error.ts";

const StoredKey = z.object({
  uid: z.string(),
  name: z.string().nullable(),
  description: z.string().nullable(),
  actions: z.array(z.string()),
  indexes: z.array(z.string()),
  expiresAt: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
type StoredKey = z.infer<typeof StoredKey>;

export type ApiKey = StoredKey & { key: string };
export type NewKey = Pick<StoredKey, "actions" | "indexes" | "expiresAt"> &
  Partial<Pick<StoredKey, "uid" | "name" | "description">>;

const DEFAULT_KEYS: NewKey[] = [
  {
    name: "Default Search API Key",
    description: "Use it to search from the frontend",
    actions: ["search"],
    indexes: ["*"],
    expiresAt: null,
  },
  {
    name: "Default Admin API Key",
    description:
      "Use it for anything that is not a search operation. Caution! Do not expose it on a public frontend",
    actions: ["*"],
    indexes: ["*"],
    expiresAt: null,
  },
];

export type KeyStore = ReturnType<typeof createKeyStore>;

/** API keys. A key's secret is derived from its uid and the master key, so that none is stored. */
export function createKeyStore(database: DatabaseSync, masterKey: string) {
  const insert = database.prepare("insert into search_keys (uid, body) values (?, ?)");
  const update = database.prepare("update search_keys set body = ? where uid = ?");
  const remove = database.prepare("delete from search_keys where uid = ?");
  const BodyRow = z.object({ body: z.string() });
  const keys: ApiKey[] = [];

  const withSecret = (stored: StoredKey): ApiKey => ({
    ...stored,
    key: createHmac("sha256", masterKey).update(stored.uid).digest("hex"),
  });
  const find = (uidOrKey: string) => keys.find(({ uid, key }) => uid === uidOrKey || key === uidOrKey);
  const get = (uidOrKey: string): ApiKey => {
    const key = find(uidOrKey);
    if (key === undefined)
      throw new MeilisearchError("api_key_not_found", `API key \`${uidOrKey}\` not found.`);
    return key;
  };
  const create = (fresh: NewKey): ApiKey => {
    const uid = fresh.uid ?? randomUUID();
    if (find(uid) !== undefined) {
      throw new MeilisearchError(
        "api_key_already_exists",
        `\`uid\` field value \`${uid}\` is already an existing API key.`,
      );
    }
    const now = new Date().toISOString();
    const stored: StoredKey = {
      uid,
      name: fresh.name ?? null,
      description: fresh.description ?? null,
      actions: fresh.actions,
      indexes: fresh.indexes,
      expiresAt: fresh.expiresAt,
      createdAt: now,
      updatedAt: now,
    };
    insert.run(uid, JSON.stringify(stored));
    const key = withSecret(stored);
    keys.push(key);
    return key;
  };

  const rows = database.prepare("select body from search_keys order by rowid").all();
  for (const row of rows) keys.push(withSecret(StoredKey.parse(JSON.parse(BodyRow.parse(row).body))));
  if (keys.length === 0) for (const key of DEFAULT_KEYS) create(key);

  return {
    find,
    get,
    create,
    /** Newest first, as Meilisearch lists them. */
    list: (): ApiKey[] => [...keys].reverse(),

    rename(uidOrKey: string, names: { name?: string | null; description?: string | null }): ApiKey {
      const { key: _secret, ...stored } = get(uidOrKey);
      const renamed = withSecret({ ...stored, ...names, updatedAt: new Date().toISOString() });
      update.run(JSON.stringify(StoredKey.parse(renamed)), stored.uid);
      keys.splice(keys.indexOf(get(uidOrKey)), 1, renamed);
      return renamed;
    },

    remove(uidOrKey: string): void {
      const key = get(uidOrKey);
      remove.run(key.uid);
      keys.splice(keys.indexOf(key), 1);
    },
  };
}
