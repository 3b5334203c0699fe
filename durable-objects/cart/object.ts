import { DurableObject } from "cloudflare:workers";
import { type Id, newId, newIdBeside } from "#core/ids";
import { type EpochMs, currentTime, epochMs } from "#core/time";
import type { Bindings } from "#platform/env";
import { type CheckoutReply, abandonCheckout, beginCheckout, completeCheckout } from "./checkouts.ts";
import { type Handover, mergeLines } from "./handover.ts";
import {
  type CartLine,
  type LinesChange,
  type LinesRefusal,
  addUnits,
  cartLimits,
  setQuantity,
  withoutOrdered,
} from "./lines.ts";
import { CartStore, type CommandKey, type StoredCart } from "./store.ts";

export type CartState = {
  readonly lines: readonly CartLine[];
  readonly version: number;
  readonly expiresAt: EpochMs;
};

export type CartCommandKey = CommandKey | undefined;

export type CartReply =
  | { ok: true; cart: CartState; replayed: boolean }
  | { ok: false; reason: LinesRefusal | "key_reused" };

/**
 * A cart's alarm that comes too early sets itself again, so that a touch needs to set it for a new cart only; one that
 * comes so late after another does it too, should the alarm have been lost.
 */
const alarmMsMin = 24 * 60 * 60 * 1000;

/** When a handover whose other end did not answer is tried again, unless somebody asks before. */
const handoverRetryMs = 5_000;

/** One buyer's cart. It serialises the cart's commands and remembers which order ids it gave to which keys. */
export class CartObject extends DurableObject<Bindings> {
  #kept: CartStore | undefined;

  /** Made at first use, and again where what it remembers is no longer what is stored. */
  get #store(): CartStore {
    this.#kept ??= new CartStore(this.ctx.storage.sql);
    return this.#kept;
  }

  view(): Promise<CartState> {
    return Promise.resolve(cartStateOf(this.#store.load()));
  }

  add(variantId: Id<"variant">, quantity: number, key: CartCommandKey): Promise<CartReply> {
    const line: CartLine = { id: newId("cartLine", currentTime()), variantId, quantity };
    return this.#change(key, (lines) => addUnits(lines, line));
  }

  setQuantity(lineId: string, quantity: number, key: CartCommandKey): Promise<CartReply> {
    return this.#change(key, (lines) => setQuantity(lines, lineId, quantity));
  }

  /**
   * Starts an order; the same key gets the same order id and lines, whatever has happened to the cart since.
   * @param cartId this cart's own id, whose shard the order shares: a buyer's orders live together.
   */
  beginCheckout(key: string, fingerprint: string, cartId: Id<"cart">): Promise<CheckoutReply> {
    const at = currentTime();
    const request = { key, fingerprint, orderId: newIdBeside("order", at, cartId), at };
    const known = this.#store.checkoutOf("key", key);
    const { reply, checkout } = beginCheckout(known, this.#store.load().lines, request);
    if (checkout) this.#store.addCheckout(checkout);
    return Promise.resolve(reply);
  }

  /** Sets the key of a refused checkout free, so that it may be tried again. */
  abandonCheckout(orderId: Id<"order">): Promise<void> {
    const checkout = this.#store.checkoutOf("order_id", orderId);
    const abandoned = checkout && abandonCheckout(checkout);
    if (abandoned) this.#store.changeCheckout(abandoned);
    return Promise.resolve();
  }

  /**
   * Takes the ordered units out of the cart, once, however often it is told; also out of the cart that took this one's
   * lines over meanwhile.
   */
  async completeCheckout(orderId: Id<"order">): Promise<void> {
    const checkout = this.#store.checkoutOf("order_id", orderId);
    if (checkout === undefined || checkout.status === "placed") return;
    await this.#finishHandovers();
    const takers = this.#store.handovers("done").filter(({ lines }) => shareVariant(lines, checkout.lines));
    for (const to of new Set(takers.map((taker) => taker.to)))
      await this.#cartObject(to).takeOrdered(orderId, checkout.lines);
    // What was awaited let others in: the checkout and the lines are read anew.
    const current = this.#store.checkoutOf("order_id", orderId);
    const cart = this.#store.load();
    const completed = current && completeCheckout(current, cart.lines);
    if (completed === undefined) return;
    this.#atomically(() => {
      this.#store.changeCheckout(completed.checkout);
      this.#store.save({ ...cart, lines: completed.lines, version: cart.version + 1 });
    });
  }

  /**
   * Gives all lines to the cart of an account, once: whoever asks first gets them, and a line that does not fit there
   * stays here. If this object dies in between, its alarm goes on.
   */
  async handOver(to: Id<"cart">): Promise<void> {
    const cart = this.#store.load();
    if (cart.lines.length > 0) {
      const handover: Handover = { id: newId("handover", currentTime()), to, lines: cart.lines };
      this.#atomically(() => {
        this.#store.openHandover(handover);
        this.#store.save({ ...cart, lines: [], version: cart.version + 1 });
      });
      await this.#setAlarm();
    }
    await this.#finishHandovers();
  }

  /** Takes lines of another cart in, once. @returns those that did not fit. */
  arrive(id: Id<"handover">, arriving: readonly CartLine[]): Promise<readonly CartLine[]> {
    return this.#once(id, (lines) => mergeLines(lines, arriving));
  }

  /** Takes units out that were ordered from the cart that they came from, once. */
  async takeOrdered(orderId: Id<"order">, ordered: readonly CartLine[]): Promise<void> {
    await this.#once(orderId, (lines) => ({ lines: withoutOrdered(lines, ordered), leftOver: [] }));
  }

  /** Empties the cart for good, when its owner is erased. */
  async forget(): Promise<void> {
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.#kept = undefined;
  }

  /** The platform repeats a failed alarm a few times only, so this one sets itself again before anything can fail. */
  override async alarm(): Promise<void> {
    if (this.#store.handovers("open").length > 0) {
      await this.#setAlarm();
      await this.#finishHandovers();
    }
    if (this.#store.load().touchedAt + cartLimits.idleMs > currentTime()) return this.#setAlarm();
    return this.forget();
  }

  /** All of what is stored or nothing, and nothing remembered of it when it fails. */
  #atomically(work: () => void): void {
    try {
      this.ctx.storage.transactionSync(work);
    } catch (fault) {
      this.#kept = undefined;
      throw fault;
    }
  }

  #setAlarm(): Promise<void> {
    const isHandingOver = this.#store.handovers("open").length > 0;
    const { touchedAt } = this.#store.load();
    return this.ctx.storage.setAlarm(
      isHandingOver ? currentTime() + handoverRetryMs : touchedAt + cartLimits.idleMs,
    );
  }

  async #finishHandovers(): Promise<void> {
    for (const { id, to, lines } of this.#store.handovers("open")) {
      const leftOver = await this.#cartObject(to).arrive(id, lines);
      // Another request may have finished the same handover while this one waited.
      if (!this.#store.handovers("open").some((open) => open.id === id)) continue;
      const cart = this.#store.load();
      this.#atomically(() => {
        this.#store.closeHandover(id);
        if (leftOver.length > 0)
          this.#store.save({
            ...cart,
            lines: mergeLines(cart.lines, leftOver).lines,
            version: cart.version + 1,
          });
      });
    }
  }

  #cartObject(cartId: Id<"cart">): DurableObjectStub<CartObject> {
    return this.env.CARTS.get(this.env.CARTS.idFromName(cartId));
  }

  async #once(
    id: string,
    change: (lines: readonly CartLine[]) => { lines: readonly CartLine[]; leftOver: readonly CartLine[] },
  ): Promise<readonly CartLine[]> {
    const known = this.#store.arrivalOf(id);
    if (known) return known;
    const cart = this.#store.load();
    const { lines, leftOver } = change(cart.lines);
    this.#atomically(() => {
      this.#store.save({ lines, version: cart.version + 1, touchedAt: currentTime() });
      this.#store.rememberArrival(id, leftOver);
    });
    await this.#setAlarm();
    return leftOver;
  }

  async #change(
    command: CartCommandKey,
    change: (lines: readonly CartLine[]) => LinesChange,
  ): Promise<CartReply> {
    const cart = this.#store.load();
    if (command) {
      const fingerprint = this.#store.fingerprintOf(command.key);
      if (fingerprint === command.fingerprint) return { ok: true, cart: cartStateOf(cart), replayed: true };
      if (fingerprint !== undefined) return { ok: false, reason: "key_reused" };
    }
    const changed = change(cart.lines);
    if (!changed.ok) return changed;
    const now = currentTime();
    const next: StoredCart = { lines: changed.lines, version: cart.version + 1, touchedAt: now };
    if (command === undefined) this.#store.save(next);
    else
      this.#atomically(() => {
        this.#store.save(next);
        this.#store.rememberKey(command);
      });
    if (now - cart.touchedAt > alarmMsMin) await this.#setAlarm();
    return { ok: true, cart: cartStateOf(next), replayed: false };
  }
}

function shareVariant(lines: readonly CartLine[], others: readonly CartLine[]): boolean {
  return lines.some(({ variantId }) => others.some((other) => other.variantId === variantId));
}

function cartStateOf(cart: StoredCart): CartState {
  const { lines, version, touchedAt } = cart;
  return { lines, version, expiresAt: epochMs((touchedAt || currentTime()) + cartLimits.idleMs) };
}
