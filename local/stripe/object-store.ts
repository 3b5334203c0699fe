import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Stripe } from "stripe";
import { z } from "zod";

export type StoredObjects = {
  payment_intent: Stripe.PaymentIntent;
  charge: Stripe.Charge;
  refund: Stripe.Refund;
  balance_transaction: Stripe.BalanceTransaction;
  customer: Stripe.Customer;
  payment_method: Stripe.PaymentMethod;
  dispute: Stripe.Dispute;
  event: Stripe.EventBase;
  webhook_endpoint: Stripe.WebhookEndpoint;
};
export type ObjectName = keyof StoredObjects;
export type StoredObject = StoredObjects[ObjectName];

/** `field` is a top-level property of the stored object, always named by our own code. */
export type Condition = { field: string; operator: "=" | "<" | "<=" | ">" | ">=" | "in"; value: FilterValue };
type FilterValue = string | number | readonly string[];

export type Page = {
  conditions: readonly Condition[];
  limit: number;
  startingAfter?: string | undefined;
  endingBefore?: string | undefined;
};

export type ObjectStore = {
  save: (object: StoredObject) => void;
  remove: (id: string) => void;
  find: <Name extends ObjectName>(name: Name, id: string) => StoredObjects[Name] | undefined;
  /** Any kind of object, for `expand` and for pages that show whatever there is. */
  findAny: (id: string) => StoredObject | undefined;
  /** Newest first, one more than `limit` when there are more. */
  list: <Name extends ObjectName>(name: Name, page: Page) => StoredObjects[Name][];
  all: <Name extends ObjectName>(name: Name, conditions: readonly Condition[]) => StoredObjects[Name][];
};

const ALL_OBJECTS_MAX = 10_000;

export function createObjectStore(database: DatabaseSync): ObjectStore {
  const upsert = database.prepare(
    `insert into objects (id, name, created, body) values (?, ?, ?, ?)
     on conflict (id) do update set body = excluded.body`,
  );
  const selectAny = database.prepare("select name, body from objects where id = ?");
  const selectOne = database.prepare("select name, body from objects where id = ? and name = ?");
  const list: ObjectStore["list"] = (name, page) => listObjects(database, name, page);

  return {
    save: (object) => {
      upsert.run(object.id, object.object, object.created, JSON.stringify(object));
    },
    remove: (id) => {
      database.prepare("delete from objects where id = ?").run(id);
    },
    find: (name, id) => {
      const row = selectOne.get(id, name);
      return row === undefined ? undefined : readObject(name, row);
    },
    findAny: (id) => {
      const row = selectAny.get(id);
      return row === undefined ? undefined : readAnyObject(row);
    },
    list,
    all: (name, conditions) => list(name, { conditions, limit: ALL_OBJECTS_MAX }),
  };
}

function listObjects<Name extends ObjectName>(
  database: DatabaseSync,
  name: Name,
  page: Page,
): StoredObjects[Name][] {
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
  const rows = database
    .prepare(
      `select name, body from objects where ${clauses.join(" and ")} order by sequence ${order} limit ?`,
    )
    .all(...values, page.limit + 1);
  return rows.map((row) => readObject(name, row));
}

const Row = z.object({ name: z.string(), body: z.string() });

/** The table holds only what `save` wrote, so its name tells its type. */
function readObject<Name extends ObjectName>(name: Name, row: unknown): StoredObjects[Name] {
  const stored = Row.parse(row);
  if (stored.name !== name) throw new Error(`Stored a ${stored.name} where a ${name} was looked for.`);
  return JSON.parse(stored.body) as StoredObjects[Name];
}

function readAnyObject(row: unknown): StoredObject {
  return JSON.parse(Row.parse(row).body) as StoredObject;
}
