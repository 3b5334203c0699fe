import { AppError } from "#core/errors";
import type { Id } from "#core/ids";
import type { PaymentFacts, PaymentProvider } from "#core/payment-facts";
import { Currency, money } from "#core/money";
import { epochMs } from "#core/time";
import type { CheckoutReply } from "#durable-objects/cart/checkouts";
import { type Quote, quoteOf } from "#features/checkout/rules";
import { type End, type EndingPorts, type PaymentEnd, endOrder, expireOrder } from "#features/orders/ending";
import { place } from "#features/orders/placement";
import { isPayable, orderTimes } from "#features/orders/rules";
import { contradictionsOf } from "#core/payment-claims";
import { type StockObjects, commitStock, returnStock } from "#features/orders/stock-claims";
import { type DisputePorts, recordReport } from "#features/payments/dispute-recording";
import { closePayment } from "#features/payments/closing";
import { processEvent } from "#features/payments/event-processing";
import { isReflected } from "#features/payments/event-types";
import { openPayment } from "#features/payments/opening";
import { planRefund, returnedUnits } from "#features/payments/refund-rules";
import { executeRefund } from "#features/payments/refunding";
import { type SettlementPorts, settle } from "#features/payments/settlement";
import { type Channel, type Process, Violation } from "../network.ts";
import { calls } from "./calls.ts";
import { Gateways } from "./gateways.ts";
import type {
  AttemptRow,
  DisputeReport,
  DisputeRow,
  Order,
  OrderRow,
  PaymentEventRow,
  PlacedAnswer,
  RefundRow,
} from "./rows.ts";
import type { AskedRefund, Placement, PlacementOutcome } from "./requests.ts";
import { checkPlan, checkRefusal } from "./refusals.ts";
import type { World } from "./world.ts";

const currency = Currency.parse("USD");

/** The production flows of one process, with every port over the network. */
export class Shop {
  readonly #world: World;
  readonly #process: Process;
  readonly #gateways: Gateways;

  constructor(world: World, process: Process) {
    this.#world = world;
    this.#process = process;
    this.#gateways = new Gateways(world, process);
  }

  async placeOrder(placement: Placement): Promise<PlacementOutcome> {
    const { cartId, key, fingerprint, agreedTotal } = placement;
    const { database } = this.#world;
    const cart = () => this.#world.cart(cartId);
    let begun: CheckoutReply | undefined;
    const outcome = await place<Quote, { total: number }, PlacedAnswer>({
      beginCheckout: async () => {
        begun = await this.#call(calls.cart, () => {
          const orderId = this.#world.newId("ord") as Id<"order">;
          return cart().begin({ key, fingerprint, orderId, at: this.#world.scheduler.now });
        });
        return begun;
      },
      abandonCheckout: (orderId) => this.#call(calls.cart, () => cart().abandon(orderId)),
      price: ({ lines }) =>
        this.#call(calls.find, () => {
          const answer = database.answerOf(key, fingerprint);
          if (answer) return { found: "answer", answer };
          const quote = this.#quoteOf(lines);
          if (quote.total.minor === agreedTotal) return { found: "quote", quote };
          return { found: "refusal", refusal: { total: quote.total.minor } };
        }),
      stock: this.#stock,
      store: (orderId, quote) =>
        this.#call(calls.store, () =>
          database.place(key, fingerprint, this.#newOrder(orderId, cartId, quote))
            ? { orderId, fingerprint }
            : undefined,
        ),
      findAnswer: () => this.#call(calls.find, () => database.answerOf(key, fingerprint)),
    });
    if (begun?.ok && !outcome.ok && outcome.reason === "insufficient_stock")
      checkRefusal(this.#world, placement, begun);
    return outcome;
  }

  /** Opens the order's payment. @returns the provider's reference, with which the buyer pays. */
  async openPayment(orderId: string, key: string, provider: PaymentProvider): Promise<string> {
    const { database } = this.#world;
    const opened = await openPayment<AttemptRow, Order, PaymentFacts, { attemptId: string }>(
      {
        now: () => epochMs(this.#world.scheduler.now + this.#process.skewMs),
        load: () => this.#mustLoad(orderId),
        findAnswer: () => this.#call(calls.find, () => database.opened(key)),
        insertAttempt: (order) =>
          this.#call(calls.store, () => database.insertAttempt(order, this.#world.newId("pay"), provider)),
        authorise: (order, attempt) => this.#gateways.authorise(order, attempt),
        read: (attempt, reference) => this.#gateways.read(attempt, reference),
        close: (order) => this.#endPayment(order),
        change: (order, change) => this.#call(calls.move, () => database.move(order, change)),
        settle: (settledId) => this.settlePayment(settledId),
        store: (_order, attempt, facts) =>
          this.#call(calls.store, () => database.storeOpened(key, attempt, facts.reference)),
      },
      provider,
    );
    if (opened.answered === undefined && !isPayable(opened.order.status))
      throw new Violation("only waiting orders are paid", `${orderId} is ${opened.order.status}`);
    const { reference } = opened.handover;
    this.#world.handedOver.add(reference);
    return reference;
  }

  async cancelOrder(orderId: string): Promise<string> {
    const order = await this.#mustLoad(orderId);
    if (order.status === "cancelled") return order.status;
    const end: End = { transition: "cancel", event: "order.cancelled", data: { reason: "requested" } };
    const ended = await endOrder(this.#endingPorts(), order, end);
    return ended.status;
  }

  expireOrder(orderId: string): Promise<void> {
    return expireOrder(this.#endingPorts(), orderId);
  }

  async settlePayment(orderId: string, attemptId?: string): Promise<Order | undefined> {
    const settled = await settle(this.#settlementPorts(), orderId, attemptId);
    if (settled === "unsettled") throw new AppError("conflict");
    return settled;
  }

  async processEvent(eventId: string): Promise<void> {
    const { database } = this.#world;
    const provider = database.paymentEvents.rows.get(eventId)?.provider ?? "stripe";
    await processEvent<PaymentEventRow, AttemptRow>({
      take: () => this.#call(calls.store, () => database.takeWaitingEvents(eventId)),
      referenceOf: () => Promise.resolve(undefined),
      read: (reference) => this.#gateways.read({ provider }, reference),
      findAttempt: (facts) => this.#call(calls.find, () => database.findAttempt(facts)),
      adoptReference: (attempt, reference) =>
        this.#call(calls.store, () => {
          const order = database.load(attempt.orderId);
          const move = { attempt: { id: attempt.id, status: "pending" as const, reference } };
          return order !== undefined && database.move({ ...order, attempts: [attempt] }, move);
        }),
      contradictions: ({ told: { orderId: order, attemptId, amount, currency } }, attempt) =>
        contradictionsOf(
          attempt === undefined
            ? { attempt: null }
            : {
                order: attempt.orderId,
                attempt: attempt.id,
                amount: attempt.amount,
                currency: attempt.currency,
              },
          { order, attempt: attemptId, amount, currency },
        ),
      refuse: (event) => Promise.reject(new Violation("the provider tells the truth", event.id)),
      isReflected: ({ type }, { status }) => isReflected(provider, type, status),
      settle: ({ orderId, id }) => this.settlePayment(orderId, id),
      recordDispute: async ({ dispute }, { orderId }) => {
        if (dispute) await this.#recordDispute(orderId, dispute);
      },
      markProcessed: (ids) =>
        this.#call(calls.store, () => {
          for (const id of ids) this.#markProcessed(id);
        }),
      markFailed: (ids) => this.#call(calls.store, () => database.paymentEvents.markFailed(ids)),
    });
  }

  #markProcessed(eventId: string): void {
    const { database } = this.#world;
    const event = database.paymentEvents.rows.get(eventId);
    if (event) this.#world.checkProcessed(event);
    database.paymentEvents.markProcessed(eventId);
  }

  async #recordDispute(orderId: string, report: DisputeReport): Promise<void> {
    const { disputes } = this.#world.database;
    const { facts, occurredAt } = report;
    const ports: DisputePorts<Order, DisputeRow> = {
      load: () => this.#load(orderId),
      find: () => this.#call(calls.find, () => disputes.rows.get(facts.reference)),
      store: (order) => this.#call(calls.move, () => disputes.store(order, report)),
    };
    await recordReport(ports, facts, occurredAt);
  }

  /** Gives money of a paid order back, as staff ask. */
  async refundOrder(orderId: string, key: string, asked: AskedRefund): Promise<RefundRow> {
    const { refunds } = this.#world.database;
    const find = () => this.#call(calls.find, () => refunds.find(key));
    const known = await find();
    if (known) return this.executeRefund(known);
    const order = await this.#mustLoad(orderId);
    const { attempt } = order;
    if (attempt?.status !== "captured") throw new AppError("invalid_transition");
    const plan = planRefund(
      {
        captured: attempt.capturedAmount,
        refunds: order.refunds.filter((refund) => refund.attemptId === attempt.id),
      },
      order.lines,
      asked,
    );
    checkPlan(order, asked, plan);
    if (!plan.ok) throw new AppError("refund_exceeds_payment");
    const { amount, lines } = plan;
    const { restock } = asked;
    const refund = {
      requestKey: key,
      attemptId: attempt.id,
      amount,
      lines,
      restock,
      origin: "staff",
    } as const;
    const outcome = await this.#call(calls.store, () => refunds.request(order, refund));
    if (outcome === "lost_race") throw new AppError("conflict");
    const stored = await find();
    if (stored === undefined) throw new Violation("a stored refund is there", key);
    return this.executeRefund(stored);
  }

  /** Asks the provider for a refund that was stored before, and books what it says. */
  async executeRefund(refund: RefundRow): Promise<RefundRow> {
    const { database } = this.#world;
    const attempt = await this.#call(calls.load, () => database.attempts.get(refund.attemptId));
    if (attempt === undefined) throw new Violation("a refund has a payment", refund.id);
    return executeRefund<Order, RefundRow>(
      {
        give: (asked) => this.#gateways.refund(attempt, asked),
        load: (orderId) => this.#load(orderId),
        store: (order, current, change) =>
          this.#call(calls.move, () =>
            database.refunds.storeOutcome(order, current, change, attempt.provider),
          ),
      },
      refund,
    );
  }

  /** Staff confirm that a manual payment's money is there. */
  async receiveManualPayment(orderId: string): Promise<void> {
    const { attempt } = await this.#mustLoad(orderId);
    const mark = (id: string) => this.#call(calls.store, () => this.#world.database.markReceived(id));
    if (attempt?.provider !== "manual" || !(await mark(attempt.id))) throw new AppError("invalid_transition");
    await this.settlePayment(orderId);
  }

  async settleAfterRefund(orderId: string): Promise<void> {
    const { refunds } = await this.#mustLoad(orderId);
    const refunded = new Set(refunds.map(({ attemptId }) => attemptId));
    for (const attemptId of refunded) await this.settlePayment(orderId, attemptId);
  }

  async restock(orderId: string): Promise<void> {
    const order = await this.#mustLoad(orderId);
    for (const { refundId, sku, quantity } of returnedUnits(order.refunds, order.lines)) {
      const id = `restock ${refundId}`;
      const units = { type: "receive", id, movementId: id, quantity, reason: "returned" } as const;
      await this.#call(calls.adjust, () => this.#world.sku(sku).adjust(units));
    }
  }

  async returnStock(orderId: string): Promise<void> {
    await returnStock(this.#stock, await this.#mustLoad(orderId));
  }

  async clearCart(orderId: string): Promise<void> {
    const { id, cartId } = await this.#mustLoad(orderId);
    await this.#call(calls.cart, () => this.#world.cart(cartId).complete(id));
  }

  #settlementPorts(): SettlementPorts<Order> {
    const { database } = this.#world;
    const { refunds } = database;
    return {
      load: (orderId) => this.#load(orderId),
      authorise: (order, attempt) => this.#gateways.authorise(order, attempt),
      read: (attempt, reference) => this.#gateways.read(attempt, reference),
      completeAuthorisation: (attempt, reference) => this.#gateways.completeAuthorisation(attempt, reference),
      capture: (attempt, reference) => this.#gateways.capture(attempt, reference),
      cancel: (attempt, reference) => this.#gateways.cancel(attempt, reference),
      commitStock: (order) => commitStock(this.#stock, order),
      change: (order, change) => this.#call(calls.move, () => database.move(order, change)),
      refundSurplus: async (order, { id }, money) => {
        const attempt = database.attemptOf(id);
        const refund = await this.#call(calls.store, () => refunds.insertSurplus(order, attempt, money));
        if (refund) await this.executeRefund(refund);
        return refund !== undefined;
      },
      recordProviderRefund: (order, { id }, money) =>
        this.#call(calls.move, () => refunds.recordAtProvider(order, database.attemptOf(id), money)),
    };
  }

  #endingPorts(): EndingPorts<Order> {
    const { database } = this.#world;
    return {
      load: (orderId) => this.#load(orderId),
      settlePayment: (orderId) => this.settlePayment(orderId),
      endPayment: (order) => this.#endPayment(order),
      change: (order, { transition, event }) =>
        this.#call(calls.move, () => database.move(order, { order: { transition, event } })),
    };
  }

  #endPayment(order: Order): Promise<PaymentEnd<Order>> {
    const { database } = this.#world;
    return closePayment<Order>(
      {
        load: (orderId) => this.#load(orderId),
        authorise: async (asked, attempt) => (await this.#gateways.authorise(asked, attempt)).reference,
        cancel: (attempt, reference) => this.#gateways.cancel(attempt, reference),
        change: (moved, change) => this.#call(calls.store, () => database.move(moved, change)),
        settle: (orderId) => this.settlePayment(orderId),
      },
      order,
    );
  }

  readonly #stock: StockObjects = (sku) => ({
    reserve: (command) => this.#call(calls.reserve, () => this.#world.sku(sku).reserve(command)),
    release: (command) => this.#call(calls.release, () => this.#world.sku(sku).release(command)),
    commit: (command) => this.#call(calls.commit, () => this.#world.sku(sku).commit(command)),
    revert: (command) => this.#call(calls.revert, () => this.#world.sku(sku).revert(command)),
  });

  #load(orderId: string): Promise<Order | undefined> {
    return this.#call(calls.load, () => this.#world.database.load(orderId));
  }

  async #mustLoad(orderId: string): Promise<Order> {
    const order = await this.#load(orderId);
    if (order === undefined) throw new AppError("not_found");
    return order;
  }

  #call<Reply>(asked: Channel, effect: () => Reply): Promise<Reply> {
    return this.#world.network.call(this.#process, asked, effect);
  }

  #quoteOf(lines: readonly { variantId: string; quantity: number }[]): Quote {
    const sold = lines.map(({ variantId, quantity }) => ({
      variantId,
      sku: variantId,
      quantity,
      unitPrice: money(this.#world.prices.get(variantId) ?? 0, currency),
    }));
    const quote = quoteOf(currency, sold);
    const total = sold.reduce((sum, line) => sum + line.unitPrice.minor * line.quantity, 0);
    if (quote.total.minor !== total)
      throw new Violation("a quote is the sum of its lines", `${quote.total.minor}, not ${total}`);
    return quote;
  }

  #newOrder(id: Id<"order">, cartId: string, quote: Quote): OrderRow {
    const total = quote.total.minor;
    const lines = quote.lines.map(({ sku, quantity, unitPrice }, index) => ({
      id: `${id} line ${index}`,
      sku,
      quantity,
      unitPrice: unitPrice.minor,
    }));
    const payBy = this.#world.scheduler.now + this.#process.skewMs + orderTimes.payWithinMs;
    return {
      id,
      cartId,
      lines,
      total,
      status: "pending_payment",
      currency,
      refunded: 0,
      version: 1,
      holdExpiresAt: new Date(payBy),
    };
  }
}
