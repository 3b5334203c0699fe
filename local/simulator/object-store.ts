import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { z } from "zod";

/** `field` is a top-level property of the stored object, always named by our own code. */
export type Condition = { field: string; operator: "=" | "<" | "<=" | ">" | ">=" | "in"; value: FilterValue };
type FilterValue = string | number | readonly string[];

export type Page = {
  conditions: readonly Condition[];
  limit: number;
  startingAfter?: string | undefined;
  endingBefore?: string | undefined;
};

/** `Objects` maps the name of each kind of object to its type. */
export type ObjectStore<Objects> = {
  save: (object: Objects[keyof Objects]) => void;
  remove: (id: string) => void;
  find: <Name extends keyof Objects & string>(name: Name, id: string) => Objects[Name] | undefined;
  /** Any kind of object, for `expand` and for pages that show whatever there is. */
  findAny: (id: string) => Objects[keyof Objects] | undefined;
  /** Newest first, one more than `limit` when there are more. */
  list: <Name extends keyof Objects & string>(name: Name, page: Page) => Objects[Name][];
  all: <Name extends keyof Objects & string>(name: Name, conditions: readonly Condition[]) => Objects[Name][];
};

/** Under what an object is filed: `created` in whole seconds. */
export type Filing = { id: string; name: string; created: number };

const ALL_OBJECTS_MAX = 10_000;

/** The table holds only what `save` wrote, so an object's name tells its type. */
export function createObjectStore<Objects>(
  database: DatabaseSync,
  file: (object: Objects[keyof Objects]) => Filing,
): ObjectStore<Objects> {
  const upsert = database.prepare(
    `insert into objects (id, name, created, body) values (?, ?, ?, ?)
     on conflict (id) do update set body = excluded.body`,
  );
  const selectAny = database.prepare("select name, body from objects where id = ?");
  const selectOne = database.prepare("select name, body from objects where id = ? and name = ?");
  const list: ObjectStore<Objects>["list"] = (name, page) =>
    selectRows(database, name, page).map((row) => readObject(name, row) as Objects[typeof name]);

  return {
    save: (object) => {
      const { id, name, created } = file(object);
      upsert.run(id, name, created, JSON.stringify(object));
    },
    remove: (id) => {
      database.prepare("delete from objects where id = ?").run(id);
    },
    find: (name, id) => {
      const row = selectOne.get(id, name);
      return row === undefined ? undefined : (readObject(name, row) as Objects[typeof name]);
    },
    findAny: (id) => {
      const row = selectAny.get(id);
      return row === undefined ? undefined : (JSON.parse(Row.parse(row).body) as Objects[keyof Objects]);
    },
    list,
    all: (name, conditions) => list(name, { conditions, limit: ALL_OBJECTS_MAX }),
  };
}

function selectRows(database: DatabaseSync, name: string, page: Page): unknown[] {
  const clauses = ["name = ?"];
  const values: SQLInputValue[] = [name];
  for (const { field, operator, value } of page.conditions) {
    const list = typeof value === "object" ? [...value] : [value];
    const column = field === "created" ? "created" : `json_extract(body, '$.${field}')`;
    clauses.push(
      operator === "in" ? `${column} in (${list.map(() => "?").join(", ")})` : `${column} ${operator} ?`,
    );
    values.push(...list);
  }
  const cursor = page.endingBefore ?? page.startingAfter;
  if (cursor !== undefined) {
    const comparison = page.endingBefore === undefined ? "<" : ">";
    clauses.push(`sequence ${comparison} (select sequence from objects where id = ?)`);
    values.push(cursor);
  }
  const order = page.endingBefore === undefined ? "desc" : "asc";
  return database
    .prepare(
      `select name, body from objects where ${clauses.join(" and ")} order by sequence ${order} limit ?`,
    )
    .all(...values, page.limit + 1);
}

const Row = z.object({ name: z.string(), body: z.string() });

function readObject(name: string, row: unknown): unknown {
  const stored = Row.parse(row);
  if (stored.name !== name) throw new Error(`Stored a ${stored.name} where a ${name} was looked for.`);
  return JSON.parse(stored.body);
}
