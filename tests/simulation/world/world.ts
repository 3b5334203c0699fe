import type { PaymentFacts } from "#core/payment-facts";
import { epochMs } from "#core/time";
import { hasEnded, isPayable, orderTimes, reservationId, unitsBySku } from "#features/orders/rules";
import { Network, Violation, calm } from "../network.ts";
import { Random } from "../random.ts";
import { Scheduler } from "../scheduler.ts";
import { CartModel } from "./cart.ts";
import { type Climate, drawClimate, drawOutage, isFaultless } from "./climate.ts";
import { DatabaseModel } from "./database.ts";
import { type News, ProviderModel, takesMoney } from "./provider.ts";
import type { AttemptRow, OrderEvent, OrderRow, PaymentEventRow } from "./rows.ts";
import { InventoryModel } from "./stock.ts";

/** For so long the shop may overlook an authorisation while it ends an order: calls that come late. */
const overlookedMs = 10 * 60_000;

/** By how much the clocks of two machines can differ. */
const skewsMsMax = 2 * 60_000;

/** All that exists in one history: objects, Postgres, the provider, and what joins them. */
export class World {
  readonly random: Random;
  readonly scheduler = new Scheduler();
  readonly network: Network;
  readonly climate: Climate;
  readonly inventory = new Map<string, InventoryModel>();
  readonly prices = new Map<string, number>();
  readonly carts = new Map<string, CartModel>();
  readonly database: DatabaseModel;
  readonly provider: ProviderModel;
  /** Payments that somebody captured in the provider's dashboard: their orders may need a person. */
  readonly interfered = new Set<string>();
  /** Orders whose buyers asked to cancel them, heard or unheard. */
  readonly cancelWanted = new Set<string>();
  /** Payments that a buyer was led to. */
  readonly handedOver = new Set<string>();
  /** What staff have paid out for refunds of manual payments. */
  readonly paidOut = new Map<string, { reference: string; amount: number }>();
  /** Which events of which order reached the buyer. */
  readonly told = new Map<string, Set<number>>();
  /** Since when nothing goes wrong any more on the way of a call. */
  faultlessSince: number | undefined;
  /** Set by the deliveries, which know the flows. */
  onNotify: (reference: string, news?: News) => void = () => undefined;
  onWakeOutbox: () => void = () => undefined;
  #idCount = 0;

  constructor(seed: number, trace: ((line: string) => void) | undefined) {
    this.random = new Random(seed);
    const started = this.scheduler.now;
    const timed =
      trace && ((line: string) => trace(`${((this.scheduler.now - started) / 1000).toFixed(3)} s ${line}`));
    this.network = new Network(this.scheduler, this.random, timed);
    this.climate = drawClimate(this.random);
    this.network.weather = this.climate.weather;
    this.network.outage = drawOutage(this.random, this.scheduler.now);
    if (this.network.outage === undefined && isFaultless(this.climate))
      this.faultlessSince = this.scheduler.now;
    if (this.network.outage) trace?.(`outage ${JSON.stringify(this.network.outage)}`);
    const databaseSkewMs = this.network.skewMs();
    this.database = new DatabaseModel({
      now: () => this.scheduler.now + databaseSkewMs,
      onPlace: (order) => this.#checkPlacement(order),
      onMove: (order) => this.#checkMove(order),
      wakeOutbox: () => this.onWakeOutbox(),
    });
    this.provider = new ProviderModel({
      now: () => this.scheduler.now,
      notify: (reference, news) => this.onNotify(reference, news),
      onCapture: (facts) => this.#checkCapture(facts),
      breaksDown: () =>
        this.random.chance(this.climate.breakdowns) ? this.random.pick(["before", "after"]) : "no",
      refundGoes: () => ({
        at: this.random.chance(this.climate.slowRefunds) ? "later" : "once",
        state: this.random.chance(this.climate.slowRefunds) ? "failed" : "succeeded",
      }),
      later: (run) => this.scheduler.after(this.random.between(1_000, 30 * 60_000), run),
      refusesCapture: () =>
        this.random.chance(this.climate.interference / 4) ? this.random.pick(["voids", "declines"]) : "no",
    });
  }

  newId(prefix: string): string {
    this.#idCount += 1;
    return `${prefix}_${this.#idCount}`;
  }

  stockSku(sku: string, quantity: number, price: number): void {
    const skewMs = this.network.skewMs();
    const clock = {
      now: () => epochMs(this.scheduler.now + skewMs),
      setAlarm: (delayMs: number, ring: () => void) => this.scheduler.after(Math.max(0, delayMs), ring),
      onExpiry: (id: string) => this.#checkHold(id),
    };
    const model = new InventoryModel(sku, clock, orderTimes.holdMs);
    model.adjust({ type: "receive", id: "first", movementId: "first", quantity, reason: "first count" });
    this.inventory.set(sku, model);
    this.prices.set(sku, price);
  }

  sku(sku: string): InventoryModel {
    const model = this.inventory.get(sku);
    if (model === undefined) throw new Violation("flows name SKUs that exist", sku);
    return model;
  }

  cart(cartId: string): CartModel {
    const known = this.carts.get(cartId);
    if (known) return known;
    const cart = new CartModel();
    this.carts.set(cartId, cart);
    return cart;
  }

  /** No more faults; what is under way has to come to rest, and staff see to what was given up. */
  clearUp(): void {
    this.faultlessSince ??= this.scheduler.now;
    this.database.outbox.redriveDead();
    // Once more, when the last failures that were under way have been noted.
    this.scheduler.after(10 * 60_000, () => this.database.outbox.redriveDead());
    this.network.weather = calm;
    this.network.outage = undefined;
    Object.assign(this.climate, {
      webhookLost: 0,
      messageLost: 0,
      interference: 0,
      priceChange: 0,
      breakdowns: 0,
    });
  }

  /** What every payment is in truth, whoever knows of it. */
  payments(): PaymentFacts[] {
    const facts = [...this.provider.payments.values()];
    for (const attempt of this.database.attempts.values())
      if (attempt.provider === "manual") facts.push(this.#manualTruth(attempt));
    return facts;
  }

  /** What an attempt's payment is in truth. */
  factsOf(attempt: AttemptRow): PaymentFacts | undefined {
    if (attempt.provider === "manual") return this.#manualTruth(attempt);
    return this.provider.payments.get(attempt.providerReference ?? "");
  }

  /** The money is there when staff have seen it, whatever the shop makes of that. */
  #manualTruth({ id, orderId, amount, currency, status, receivedAt }: AttemptRow): PaymentFacts {
    let refundedAmount = 0;
    for (const refund of this.paidOut.values()) if (refund.reference === id) refundedAmount += refund.amount;
    const promised = status === "cancelled" ? ("cancelled" as const) : ("authorised" as const);
    return {
      reference: id,
      orderId,
      attemptId: id,
      amount,
      currency,
      state: receivedAt === null ? promised : "captured",
      capturedAmount: receivedAt === null ? 0 : amount,
      refundedAmount,
      failureCode: undefined,
    };
  }

  hasCommitted(order: Pick<OrderRow, "id" | "lines">): boolean {
    return unitsBySku(order.lines).every(([sku, quantity]) => {
      const claim = this.sku(sku).reservation(reservationId(order.id, sku));
      return claim?.status === "committed" && claim.quantity === quantity;
    });
  }

  /** The buyer's screen and mails hear of an event. */
  tell({ subject, sequence }: OrderEvent): void {
    const heard = this.told.get(subject) ?? new Set();
    this.told.set(subject, heard.add(sequence));
  }

  /** Stock is held as long as the buyer has time to pay, whatever the clocks of the machines say. */
  #checkHold(id: string): void {
    const order = this.database.orders.get(id.split("/")[0] ?? "");
    const dueAt = (order?.holdExpiresAt.getTime() ?? 0) - skewsMsMax;
    if (order && isPayable(order.status) && this.scheduler.now < dueAt)
      throw new Violation("a hold lasts as long as the time to pay", id);
  }

  #checkPlacement({ id, lines }: OrderRow): void {
    for (const [sku, quantity] of unitsBySku(lines)) {
      const claim = this.sku(sku).reservation(reservationId(id, sku));
      if (claim === undefined || claim.status === "refused" || claim.quantity !== quantity)
        throw new Violation("a placed order has claimed its stock", `${id} of ${sku}: ${claim?.status}`);
    }
  }

  #checkMove(order: OrderRow): void {
    this.network.trace?.(`order ${order.id} is ${order.status}`);
    if (order.status === "expired") this.#checkExpiry(order.id);
    if (hasEnded(order.status)) this.#checkClosed(order.id);
    if (order.status !== "paid") return;
    if (!this.hasCommitted(order)) throw new Violation("a paid order has its stock", order.id);
    const attempt = this.database.load(order.id)?.attempt;
    const facts = attempt && this.factsOf(attempt);
    if (facts?.state !== "captured" || facts.capturedAmount !== order.total || facts.orderId !== order.id)
      throw new Violation("a paid order has its money", order.id);
    if (attempt?.status !== "captured" || attempt.capturedAmount !== order.total)
      throw new Violation("a paid order's attempt is captured", order.id);
  }

  /** An event whose payment still stands as the event told has moved its order. */
  checkProcessed({ told }: PaymentEventRow): void {
    const order = this.database.orders.get(told.orderId ?? "");
    if (told.state !== "authorised" || this.provider.read(told.reference) !== told) return;
    if (order && isPayable(order.status))
      throw new Violation("a processed event is settled", `${order.id} is ${order.status}`);
  }

  /**
   * Except where the buyer began another payment: the one that was left is given back, whatever had come of it. And where
   * the buyer wanted to cancel: the provider may have heard of it though nobody heard the provider, and then the order
   * expires with nothing paid.
   */
  #checkExpiry(orderId: string): void {
    if (this.cancelWanted.has(orderId)) return;
    const newest = this.database.load(orderId)?.attempt?.id;
    for (const { orderId: paidFor, attemptId, reference } of this.provider.payments.values()) {
      const authorisedAt = this.provider.authorisedAt.get(reference);
      const cancelledAt = this.provider.cancelledAt.get(reference);
      if (paidFor !== orderId || attemptId !== newest) continue;
      if (authorisedAt === undefined || cancelledAt === undefined) continue;
      if (cancelledAt - authorisedAt > overlookedMs && !this.interfered.has(reference))
        throw new Violation("an order that was authorised does not expire", orderId);
    }
  }

  /**
   * An order ends once its payment has; one that is opened at the same moment is ended afterwards, and what another
   * process is just reserving at PayPal is given back afterwards.
   */
  #checkClosed(orderId: string): void {
    const { now } = this.scheduler;
    const { createdAt, reservedAt } = this.provider;
    for (const facts of this.provider.payments.values()) {
      const { orderId: paidFor, reference } = facts;
      const since = reservedAt.get(reference) ?? createdAt.get(reference) ?? now;
      if (
        paidFor === orderId &&
        takesMoney(facts) &&
        now - since > overlookedMs &&
        this.handedOver.has(reference)
      )
        throw new Violation("an order ends once nobody can pay for it", `${reference} of ${orderId}`);
    }
  }

  #checkCapture(facts: PaymentFacts): void {
    const order = this.database.orders.get(facts.orderId ?? "");
    if (order === undefined || !this.hasCommitted(order))
      throw new Violation("no money is taken before its stock is committed", `${facts.orderId}`);
  }
}
