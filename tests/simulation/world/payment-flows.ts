import { AppError } from "#core/errors";
import { contradictionsOf } from "#core/payment-claims";
import type { PaymentFacts, PaymentProvider } from "#core/payment-facts";
import { epochMs } from "#core/time";
import type { PaymentEnd } from "#features/orders/ending";
import { isPayable } from "#features/orders/rules";
import { commitStock } from "#features/orders/stock-claims";
import { closePayment } from "#features/payments/closing";
import { type DisputePorts, recordReport } from "#features/payments/dispute-recording";
import { processEvent } from "#features/payments/event-processing";
import { isReflected } from "#features/payments/event-types";
import { manualFacts } from "#features/payments/manual-gateway";
import { openPayment } from "#features/payments/opening";
import { refundedPayments } from "#features/payments/refund-rules";
import { settle } from "#features/payments/settlement";
import type { Settled, SettlementPorts } from "#features/payments/settlement-ports";
import { Violation } from "../network.ts";
import { calls } from "./calls.ts";
import type { Connection } from "./connection.ts";
import { Gateways } from "./gateways.ts";
import type { RefundFlows } from "./refund-flows.ts";
import type { AttemptRow, DisputeReport, DisputeRow, Order, PaymentEventRow } from "./rows.ts";

/** How payments are opened, settled and ended, and what becomes of the providers' news. */
export class PaymentFlows {
  readonly #connection: Connection;
  readonly #gateways: Gateways;
  readonly #refunds: RefundFlows;

  constructor(connection: Connection, refunds: RefundFlows) {
    this.#connection = connection;
    this.#gateways = new Gateways(connection.world, connection.process);
    this.#refunds = refunds;
  }

  /** Opens the order's payment. @returns the provider's reference, with which the buyer pays. */
  async open(orderId: string, key: string, provider: PaymentProvider): Promise<string> {
    const { world } = this.#connection;
    const { database } = world;
    const opened = await openPayment<AttemptRow, Order, PaymentFacts, { attemptId: string }>(
      {
        now: () => epochMs(this.#connection.now),
        look: async () => {
          const order = await this.#connection.require(orderId);
          return { order, answered: await this.#connection.call(calls.find, () => database.opened(key)) };
        },
        load: () => this.#connection.require(orderId),
        promise: (order) =>
          this.#connection.call(calls.store, () => {
            const promised = database.storePromise(key, order, world.newId("pay"));
            return typeof promised === "string"
              ? promised
              : { attempt: promised, handover: manualFacts(promised) };
          }),
        insertAttempt: (order) =>
          this.#connection.call(calls.store, () =>
            database.insertAttempt(order, world.newId("pay"), provider),
          ),
        authorise: (order, attempt) => this.#gateways.authorise(order, attempt),
        read: (attempt, reference) => this.#gateways.read(attempt, reference),
        close: (order) => this.end(order),
        change: (order, change) => this.#connection.call(calls.move, () => database.moved(order, change)),
        settle: (settledId) => this.settle(settledId),
        store: (_order, attempt, facts) =>
          this.#connection.call(calls.store, () => database.storeOpened(key, attempt, facts.reference)),
      },
      provider,
    );
    if (opened.answered === undefined && !isPayable(opened.order.status))
      throw new Violation("only waiting orders are paid", `${orderId} is ${opened.order.status}`);
    const { reference } = opened.handover;
    world.handedOver.add(reference);
    return reference;
  }

  settle(orderId: string, attemptId?: string): Promise<Order | undefined> {
    return this.#settle({ orderId, attemptId });
  }

  async #settle(subject: Settled<Order>): Promise<Order | undefined> {
    const settled = await settle(this.#settlementPorts(), subject);
    if (settled === "unsettled") throw new AppError("conflict");
    return settled;
  }

  end(order: Order): Promise<PaymentEnd<Order>> {
    const { database } = this.#connection.world;
    return closePayment<Order>(
      {
        load: (orderId) => this.#connection.load(orderId),
        authorise: async (asked, attempt) => (await this.#gateways.authorise(asked, attempt)).reference,
        cancel: (attempt, reference) => this.#gateways.cancel(attempt, reference),
        change: (moved, change) => this.#connection.call(calls.store, () => database.moved(moved, change)),
        settle: (orderId) => this.settle(orderId),
      },
      order,
    );
  }

  /** Staff confirm that a manual payment's money is there. */
  async receiveManual(orderId: string): Promise<void> {
    const { database } = this.#connection.world;
    const order = await this.#connection.call(calls.store, () => {
      database.markReceived(orderId);
      return this.#require(orderId);
    });
    const { attempt } = order;
    if (attempt?.provider !== "manual" || attempt.status === "cancelled" || attempt.receivedAt === null)
      throw new AppError("invalid_transition");
    await this.#settle({ orderId, order });
  }

  async settleAfterRefund(orderId: string): Promise<void> {
    const order = await this.#connection.require(orderId);
    for (const attemptId of refundedPayments(order)) await this.settle(orderId, attemptId);
  }

  async process(eventId: string): Promise<void> {
    const { database } = this.#connection.world;
    const provider = database.paymentEvents.rows.get(eventId)?.provider ?? "stripe";
    await processEvent<PaymentEventRow, AttemptRow>({
      take: () => this.#connection.call(calls.store, () => database.takeWaitingEvents(eventId)),
      referenceOf: () => Promise.resolve(undefined),
      read: (reference) => this.#gateways.read({ provider }, reference),
      findAttempt: (facts) => this.#connection.call(calls.find, () => database.findAttempt(facts)),
      adoptReference: (attempt, reference) =>
        this.#connection.call(calls.store, () => {
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
      settle: ({ orderId, id }) => this.settle(orderId, id),
      recordDispute: async ({ dispute }, { orderId }) => {
        if (dispute) await this.#recordDispute(orderId, dispute);
      },
      markProcessed: (ids) =>
        this.#connection.call(calls.store, () => {
          for (const id of ids) this.#markProcessed(id);
        }),
      markFailed: (ids) => this.#connection.call(calls.store, () => database.paymentEvents.markFailed(ids)),
    });
  }

  #require(orderId: string): Order {
    const order = this.#connection.world.database.load(orderId);
    if (order === undefined) throw new AppError("not_found");
    return order;
  }

  #markProcessed(eventId: string): void {
    const { world } = this.#connection;
    const { paymentEvents } = world.database;
    const event = paymentEvents.rows.get(eventId);
    if (event) world.checkProcessed(event);
    paymentEvents.markProcessed(eventId);
  }

  async #recordDispute(orderId: string, report: DisputeReport): Promise<void> {
    const { disputes } = this.#connection.world.database;
    const { facts, occurredAt } = report;
    const ports: DisputePorts<Order, DisputeRow> = {
      load: () => this.#connection.load(orderId),
      find: () => this.#connection.call(calls.find, () => disputes.rows.get(facts.reference)),
      store: (order) => this.#connection.call(calls.move, () => disputes.store(order, report)),
    };
    await recordReport(ports, facts, occurredAt);
  }

  #settlementPorts(): SettlementPorts<Order> {
    const { database } = this.#connection.world;
    const { refunds } = database;
    return {
      load: (orderId) => this.#connection.load(orderId),
      authorise: (order, attempt) => this.#gateways.authorise(order, attempt),
      read: async (order, { attemptId, reference }) => {
        const attempt = order.attempts.find(({ id }) => id === attemptId);
        if (attempt === undefined) throw new Violation("orders keep their payments", attemptId);
        return attempt.provider === "manual" ? manualFacts(attempt) : this.#gateways.read(attempt, reference);
      },
      completeAuthorisation: (attempt, reference) => this.#gateways.completeAuthorisation(attempt, reference),
      capture: (attempt, reference) => this.#gateways.capture(attempt, reference),
      cancel: (attempt, reference) => this.#gateways.cancel(attempt, reference),
      commitStock: (order) => commitStock(this.#connection.stock, order),
      change: (order, change) => this.#connection.call(calls.move, () => database.moved(order, change)),
      refundSurplus: async (order, { id }, money) => {
        const attempt = database.attemptOf(id);
        const refund = await this.#connection.call(calls.store, () =>
          refunds.insertSurplus(order, attempt, money),
        );
        if (refund) await this.#refunds.execute(refund);
        return refund !== undefined;
      },
      recordProviderRefund: (order, { id }, money) =>
        this.#connection.call(calls.move, () =>
          refunds.recordAtProvider(order, database.attemptOf(id), money),
        ),
    };
  }
}
