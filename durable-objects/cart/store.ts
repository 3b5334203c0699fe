import type { Id } from "#core/ids";
import type { EpochMs } from "#core/time";
import { LazyTables } from "../lazy-tables.ts";
import type { CartCheckout } from "./checkouts.ts";
import type { Handover } from "./handover.ts";
import { type CartLine, cartLimits } from "./lines.ts";

export type StoredCart = {
  readonly lines: readonly CartLine[];
  readonly version: number;
  readonly touchedAt: EpochMs;
};

/** A repeatable command: the client's key and the fingerprint of what it asks for. */
export type CommandKey = { key: string; fingerprint: string };

const emptyCart: StoredCart = { lines: [], version: 0, touchedAt: 0 as EpochMs };

/** Commands remembered by key; the oldest are forgotten first. */
const commandKeysMax = 200;

/** Arrivals from other carts remembered, so that each counts once; the oldest are forgotten first. */
const arrivalsMax = 200;

const cartTables = {
  cart: "create table cart (id integer primary key check (id = 1), state text not null)",
  command_keys: `create table command_keys (
    position integer primary key, key text not null unique, fingerprint text not null)`,
  /** So few that a key is found without an index. */
  checkouts: `create table checkouts (
    order_id text primary key, key text not null, checkout text not null) without rowid`,
  handovers: `create table handovers (
    id text primary key, done integer not null default 0, handover text not null)`,
  arrivals: `create table arrivals (
    position integer primary key, id text not null unique, left_over text not null)`,
} as const;

/** What a cart's object keeps. All that is parsed here was written here. */
export class CartStore {
  readonly #sql: SqlStorage;
  readonly #tables: LazyTables<keyof typeof cartTables>;
  /** As it is stored: nobody but this object changes it. */
  #cart: StoredCart | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#tables = new LazyTables(sql, cartTables);
  }

  load(): StoredCart {
    this.#cart ??= this.#read();
    return this.#cart;
  }

  save(cart: StoredCart): void {
    this.#tables.make("cart");
    this.#sql.exec("insert or replace into cart values (1, ?)", JSON.stringify(cart));
    this.#cart = cart;
  }

  fingerprintOf(key: string): string | undefined {
    if (!this.#tables.has("command_keys")) return undefined;
    return this.#sql
      .exec<{ fingerprint: string }>("select fingerprint from command_keys where key = ?", key)
      .toArray()[0]?.fingerprint;
  }

  rememberKey({ key, fingerprint }: CommandKey): void {
    this.#tables.make("command_keys");
    this.#sql.exec("insert into command_keys (key, fingerprint) values (?, ?)", key, fingerprint);
    this.#forgetOldest("command_keys", commandKeysMax);
  }

  checkoutOf(by: "key" | "order_id", value: string): CartCheckout | undefined {
    if (!this.#tables.has("checkouts")) return undefined;
    const [row] = this.#sql
      .exec<{ checkout: string }>(`select checkout from checkouts where ${by} = ?`, value)
      .toArray();
    return row && (JSON.parse(row.checkout) as CartCheckout);
  }

  addCheckout(checkout: CartCheckout): void {
    const isFirst = !this.#tables.has("checkouts");
    this.#tables.make("checkouts");
    this.#sql.exec(
      "insert into checkouts (order_id, key, checkout) values (?, ?, ?)",
      checkout.orderId,
      checkout.key,
      JSON.stringify(checkout),
    );
    if (isFirst) return;
    this.#sql.exec(
      "delete from checkouts where order_id not in (select order_id from checkouts order by order_id desc limit ?)",
      cartLimits.checkoutsMax,
    );
  }

  changeCheckout(checkout: CartCheckout): void {
    this.#sql.exec(
      "update checkouts set key = ?, checkout = ? where order_id = ?",
      checkout.key,
      JSON.stringify(checkout),
      checkout.orderId,
    );
  }

  handovers(which: "open" | "done"): readonly Handover[] {
    if (!this.#tables.has("handovers")) return [];
    return this.#sql
      .exec<{ handover: string }>(
        "select handover from handovers where done = ? order by id",
        which === "done" ? 1 : 0,
      )
      .toArray()
      .map(({ handover }) => JSON.parse(handover) as Handover);
  }

  openHandover(handover: Handover): void {
    this.#tables.make("handovers");
    this.#sql.exec(
      "insert into handovers (id, handover) values (?, ?)",
      handover.id,
      JSON.stringify(handover),
    );
  }

  closeHandover(id: Id<"handover">): void {
    this.#sql.exec("update handovers set done = 1 where id = ?", id);
  }

  /** What an arrival left over, or undefined when it has not come yet. */
  arrivalOf(id: string): readonly CartLine[] | undefined {
    if (!this.#tables.has("arrivals")) return undefined;
    const [row] = this.#sql
      .exec<{ left_over: string }>("select left_over from arrivals where id = ?", id)
      .toArray();
    return row && (JSON.parse(row.left_over) as readonly CartLine[]);
  }

  rememberArrival(id: string, leftOver: readonly CartLine[]): void {
    this.#tables.make("arrivals");
    this.#sql.exec("insert into arrivals (id, left_over) values (?, ?)", id, JSON.stringify(leftOver));
    this.#forgetOldest("arrivals", arrivalsMax);
  }

  #read(): StoredCart {
    if (!this.#tables.has("cart")) return emptyCart;
    const [row] = this.#sql.exec<{ state: string }>("select state from cart").toArray();
    return row ? (JSON.parse(row.state) as StoredCart) : emptyCart;
  }

  #forgetOldest(table: "command_keys" | "arrivals", keptMax: number): void {
    this.#sql.exec(
      `delete from ${table} where position <= (select max(position) from ${table}) - ?`,
      keptMax,
    );
  }
}
