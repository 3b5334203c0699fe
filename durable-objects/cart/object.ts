import { DurableObject } from "cloudflare:workers";
import { type Id, newId } from "#core/ids";
import { type EpochMs, currentTime } from "#core/time";
import type { Bindings } from "#platform/env";
import {
  type CartCheckout,
  type CheckoutReply,
  abandonCheckout,
  beginCheckout,
  completeCheckout,
} from "./checkouts.ts";
import {
  type CartLine,
  type LinesChange,
  type LinesRefusal,
  addUnits,
  cartLimits,
  setQuantity,
} from "./lines.ts";

export type CartState = {
  readonly lines: readonly CartLine[];
  readonly version: number;
  readonly expiresAt: EpochMs;
};

/** A repeatable command: the client's key and the fingerprint of what it asks for. */
export type CartCommandKey = { key: string; fingerprint: string } | undefined;

export type CartReply =
  | { ok: true; cart: CartState; replayed: boolean }
  | { ok: false; reason: LinesRefusal | "key_reused" };

type Stored = { lines: readonly CartLine[]; version: number; touchedAt: EpochMs };

const emptyCart: Stored = { lines: [], version: 0, touchedAt: 0 as EpochMs };

const schema = `
  create table if not exists cart (id integer primary key check (id = 1), state text not null);
  create table if not exists command_keys (
    position integer primary key, key text not null unique, fingerprint text not null);
  create table if not exists checkouts (key text primary key, order_id text not null unique, checkout text not null);`;

/** Commands remembered by key; the oldest are forgotten first. */
const commandKeysMax = 200;

/** Touching the expiry more often than this is not worth a write of its own. */
const touchMsMin = 60 * 60 * 1000;

/** One buyer's cart. It serialises the cart's commands and remembers which order ids it gave to which keys. */
export class CartObject extends DurableObject<Bindings> {
  #tablesExist = false;

  /** The tables are made at first use, and again should the object live on after its cart was forgotten. */
  get #sql(): SqlStorage {
    const { sql } = this.ctx.storage;
    if (!this.#tablesExist) sql.exec(schema);
    this.#tablesExist = true;
    return sql;
  }

  view(): Promise<CartState> {
    return Promise.resolve(cartStateOf(this.#load()));
  }

  add(variantId: Id<"variant">, quantity: number, key: CartCommandKey): Promise<CartReply> {
    const line: CartLine = { id: newId("cartLine", currentTime()), variantId, quantity };
    return this.#change(key, (lines) => addUnits(lines, line));
  }

  setQuantity(lineId: string, quantity: number, key: CartCommandKey): Promise<CartReply> {
    return this.#change(key, (lines) => setQuantity(lines, lineId, quantity));
  }

  /** Starts an order; the same key gets the same order id and lines, whatever has happened to the cart since. */
  beginCheckout(key: string, fingerprint: string): Promise<CheckoutReply> {
    const at = currentTime();
    const request = { key, fingerprint, orderId: newId("order", at), at };
    const { reply, checkout } = beginCheckout(this.#checkoutOf(key), this.#load().lines, request);
    if (checkout) {
      this.#saveCheckout(checkout);
      this.#sql.exec(
        "delete from checkouts where key not in (select key from checkouts order by rowid desc limit ?)",
        cartLimits.checkoutsMax,
      );
    }
    return Promise.resolve(reply);
  }

  /** Sets the key of a refused checkout free, so that it may be tried again. */
  abandonCheckout(orderId: Id<"order">): Promise<void> {
    const checkout = this.#checkoutFor(orderId);
    const abandoned = checkout && abandonCheckout(checkout);
    if (abandoned)
      this.#sql.exec(
        "update checkouts set key = ?, checkout = ? where order_id = ?",
        abandoned.key,
        JSON.stringify(abandoned),
        orderId,
      );
    return Promise.resolve();
  }

  /** Takes the ordered units out of the cart, once, however often it is told. */
  async completeCheckout(orderId: Id<"order">): Promise<void> {
    const checkout = this.#checkoutFor(orderId);
    const cart = this.#load();
    const completed = checkout && completeCheckout(checkout, cart.lines);
    if (completed === undefined) return;
    this.ctx.storage.transactionSync(() => {
      this.#saveCheckout(completed.checkout);
      this.#save({ ...cart, lines: completed.lines, version: cart.version + 1 });
    });
  }

  override async alarm(): Promise<void> {
    const expiresAt = this.#load().touchedAt + cartLimits.idleMs;
    if (expiresAt > currentTime()) await this.ctx.storage.setAlarm(expiresAt);
    else {
      this.#tablesExist = false;
      await this.ctx.storage.deleteAll();
    }
  }

  async #change(
    command: CartCommandKey,
    change: (lines: readonly CartLine[]) => LinesChange,
  ): Promise<CartReply> {
    const cart = this.#load();
    if (command) {
      const fingerprint = this.#fingerprintOf(command.key);
      if (fingerprint === command.fingerprint) return { ok: true, cart: cartStateOf(cart), replayed: true };
      if (fingerprint !== undefined) return { ok: false, reason: "key_reused" };
    }
    const changed = change(cart.lines);
    if (!changed.ok) return changed;
    const now = currentTime();
    const next: Stored = { lines: changed.lines, version: cart.version + 1, touchedAt: now };
    this.ctx.storage.transactionSync(() => {
      this.#save(next);
      if (command) this.#rememberKey(command);
    });
    if (now - cart.touchedAt > touchMsMin) await this.ctx.storage.setAlarm(now + cartLimits.idleMs);
    return { ok: true, cart: cartStateOf(next), replayed: false };
  }

  #load(): Stored {
    const [row] = this.#sql.exec<{ state: string }>("select state from cart").toArray();
    // The object's own state, written by #save below.
    return row ? (JSON.parse(row.state) as Stored) : emptyCart;
  }

  #save(cart: Stored): void {
    this.#sql.exec("insert or replace into cart values (1, ?)", JSON.stringify(cart));
  }

  #fingerprintOf(key: string): string | undefined {
    return this.#sql
      .exec<{ fingerprint: string }>("select fingerprint from command_keys where key = ?", key)
      .toArray()[0]?.fingerprint;
  }

  #rememberKey({ key, fingerprint }: NonNullable<CartCommandKey>): void {
    this.#sql.exec("insert into command_keys (key, fingerprint) values (?, ?)", key, fingerprint);
    this.#sql.exec(
      "delete from command_keys where position <= (select max(position) from command_keys) - ?",
      commandKeysMax,
    );
  }

  #checkoutOf(key: string): CartCheckout | undefined {
    const [row] = this.#sql
      .exec<{ checkout: string }>("select checkout from checkouts where key = ?", key)
      .toArray();
    return row && checkoutFrom(row.checkout);
  }

  #checkoutFor(orderId: Id<"order">): CartCheckout | undefined {
    const [row] = this.#sql
      .exec<{ checkout: string }>("select checkout from checkouts where order_id = ?", orderId)
      .toArray();
    return row && checkoutFrom(row.checkout);
  }

  #saveCheckout(checkout: CartCheckout): void {
    this.#sql.exec(
      `insert into checkouts (key, order_id, checkout) values (?, ?, ?)
       on conflict (key) do update set checkout = excluded.checkout`,
      checkout.key,
      checkout.orderId,
      JSON.stringify(checkout),
    );
  }
}

function checkoutFrom(text: string): CartCheckout {
  // Written by #saveCheckout of this very class.
  return JSON.parse(text) as CartCheckout;
}

function cartStateOf(cart: Stored): CartState {
  const { lines, version, touchedAt } = cart;
  return { lines, version, expiresAt: ((touchedAt || currentTime()) + cartLimits.idleMs) as EpochMs };
}
