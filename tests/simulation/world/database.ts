import { AppError } from "#core/errors";
import { nextState } from "#core/state-machine";
import type { PaymentFacts } from "#core/payment-facts";
import type { OrderEventType } from "#events/catalogue";
import { type OrderTransition, isPayable, orderTransitions } from "#features/orders/rules";
import { type MoneyFact, postingsOf } from "#features/payments/bookkeeping";
import { type AttemptStatus, openAttemptStatuses } from "#features/payments/rules";
import { Violation } from "../network.ts";
import type {
  AttemptRow,
  CheckoutAnswer,
  Order,
  OrderRow,
  PaymentEventRow,
  PlacedAnswer,
  RefundRow,
} from "./rows.ts";
import { OutboxModel } from "./outbox.ts";

const checkMsMin = 20_000;
const strandedMs = 10_000;

export type OrderMove = {
  transition: OrderTransition | undefined;
  event: OrderEventType;
  refunded?: number;
};
export type AttemptMove = {
  status: AttemptStatus;
  reference?: string;
  capturedAmount?: number;
  failureCode?: string | undefined;
};
export type Move = { order?: OrderMove | undefined; attempt?: AttemptMove | undefined };

type DatabaseHooks = {
  now: () => number;
  onPlace: (order: OrderRow) => void;
  onMove: (order: OrderRow) => void;
  wakeOutbox: () => void;
};

/** Postgres: every method is one transaction, guarded as the real statements are. */
export class DatabaseModel {
  readonly orders = new Map<string, OrderRow>();
  readonly attempts = new Map<string, AttemptRow>();
  readonly paymentEvents = new Map<string, PaymentEventRow>();
  readonly placed = new Map<string, PlacedAnswer>();
  readonly #opened = new Map<string, CheckoutAnswer>();
  readonly refunds = new Map<string, RefundRow>();
  readonly #booked = new Set<string>();
  /** Balance of every account of the books. */
  readonly accounts = new Map<string, number>();
  readonly outbox: OutboxModel;
  readonly #hooks: DatabaseHooks;

  constructor(hooks: DatabaseHooks) {
    this.#hooks = hooks;
    this.outbox = new OutboxModel(hooks.now);
  }

  get now(): number {
    return this.#hooks.now();
  }

  load(orderId: string): Order | undefined {
    const row = this.orders.get(orderId);
    if (row === undefined) return undefined;
    let attempt: AttemptRow | undefined;
    for (const each of this.attempts.values()) if (each.orderId === orderId) attempt = each;
    const refunds = [...this.refunds.values()].filter((refund) => refund.orderId === orderId);
    return { ...row, attempt, refunds };
  }

  /** @returns false when the key has an answer already. */
  place(key: string, fingerprint: string, order: OrderRow): boolean {
    if (this.placed.has(key)) return false;
    if (this.orders.has(order.id)) throw new Violation("an order is stored once", order.id);
    this.#hooks.onPlace(order);
    this.placed.set(key, { orderId: order.id, fingerprint });
    this.orders.set(order.id, order);
    this.outbox.append({ type: "order.placed", subject: order.id, sequence: order.version });
    this.#hooks.wakeOutbox();
    return true;
  }

  /** The answer that this key got before. @throws AppError when it came with another body. */
  answerOf(key: string, fingerprint: string): PlacedAnswer | undefined {
    const answer = this.placed.get(key);
    if (answer && answer.fingerprint !== fingerprint) throw new AppError("idempotency_key_reused");
    return answer;
  }

  /** @returns false when the order or its attempt has another version by now. */
  move(order: Order, { order: orderMove, attempt: attemptMove }: Move): boolean {
    const row = this.orders.get(order.id);
    const attempt = order.attempt && this.attempts.get(order.attempt.id);
    if (row === undefined) throw new Violation("orders do not vanish", order.id);
    if (orderMove && row.version !== order.version) return false;
    if (attemptMove && attempt?.version !== order.attempt?.version) return false;
    const status = orderMove?.transition
      ? nextState(orderTransitions, row.status, orderMove.transition)
      : row.status;
    if (status === undefined)
      throw new Violation("orders move by their table", `${row.status} cannot ${orderMove?.transition}`);
    if (attemptMove && attempt) this.#moveAttempt(attempt, attemptMove);
    if (orderMove) {
      const moved = {
        ...row,
        status,
        version: row.version + 1,
        refunded: orderMove.refunded ?? row.refunded,
      };
      this.orders.set(row.id, moved);
      this.outbox.append({ type: orderMove.event, subject: row.id, sequence: moved.version });
      this.#hooks.onMove(moved);
      this.#hooks.wakeOutbox();
    }
    if (orderMove && attemptMove?.status === "captured" && attempt) this.#book(captureOf(row, attempt));
    return true;
  }

  #moveAttempt(attempt: AttemptRow, move: AttemptMove): void {
    this.attempts.set(attempt.id, {
      ...attempt,
      status: move.status,
      providerReference: move.reference ?? attempt.providerReference,
      capturedAmount: move.capturedAmount ?? attempt.capturedAmount,
      failureCode: move.failureCode ?? attempt.failureCode,
      version: attempt.version + 1,
    });
  }

  /** @returns undefined when the order has another attempt that can still take money. */
  insertAttempt(order: OrderRow, id: string): AttemptRow | undefined {
    for (const { orderId, status } of this.attempts.values())
      if (orderId === order.id && status !== "cancelled" && status !== "failed") return undefined;
    const { id: orderId, total: amount, currency } = order;
    const attempt: AttemptRow = {
      id,
      orderId,
      amount,
      currency,
      provider: "stripe",
      status: "creating",
      providerReference: null,
      failureCode: null,
      capturedAmount: 0,
      version: 1,
      createdAt: this.now,
      nextCheckAt: this.now + checkMsMin,
    };
    this.attempts.set(id, attempt);
    return attempt;
  }

  findAttempt({ reference, attemptId }: PaymentFacts): AttemptRow | undefined {
    for (const attempt of this.attempts.values()) if (attempt.providerReference === reference) return attempt;
    const attempt = this.attempts.get(attemptId ?? "");
    return attempt?.providerReference === null ? attempt : undefined;
  }

  opened(key: string): CheckoutAnswer | undefined {
    return this.#opened.get(key);
  }

  storeOpened(key: string, attempt: AttemptRow, reference: string): "stored" | "same_key" | "lost_race" {
    if (this.#opened.has(key)) return "same_key";
    if (attempt.providerReference === null) {
      if (this.attempts.get(attempt.id)?.version !== attempt.version) return "lost_race";
      this.#moveAttempt(attempt, { status: "pending", reference });
    }
    this.#opened.set(key, { attemptId: attempt.id });
    return "stored";
  }

  insertPaymentEvent(id: string, told: PaymentFacts): void {
    if (this.paymentEvents.has(id)) return;
    const { reference: providerReference } = told;
    this.paymentEvents.set(id, { id, providerReference, told, receivedAt: this.now, processedAt: null });
  }

  markProcessed(id: string): void {
    const event = this.paymentEvents.get(id);
    if (event) this.paymentEvents.set(id, { ...event, processedAt: new Date(this.now) });
  }

  insertSurplusRefund(order: Order, attemptId: string, amount: number): RefundRow {
    const id = `surplus ${attemptId}`;
    const known = this.refunds.get(id);
    if (known) return known;
    const refund = {
      id,
      orderId: order.id,
      attemptId,
      amount,
      status: "pending" as const,
      nextCheckAt: this.now + checkMsMin,
    };
    this.refunds.set(id, refund);
    const attempt = this.attempts.get(attemptId);
    if (attempt) this.#book(captureOf(order, attempt));
    return refund;
  }

  settleRefund(order: Order, refund: RefundRow): boolean {
    if (this.refunds.get(refund.id)?.status !== "pending") return true;
    const refunded = order.refunded + refund.amount;
    if (!this.move(order, { order: { transition: undefined, event: "order.refunded", refunded } }))
      return false;
    this.refunds.set(refund.id, { ...refund, status: "succeeded" });
    const { id: orderId, currency } = order;
    const { amount } = refund;
    const transactionId = `refund:${refund.id}`;
    this.#book({ transactionId, kind: "refund", orderId, provider: "stripe", amount, currency });
    return true;
  }

  #book(fact: MoneyFact): void {
    if (this.#booked.has(fact.transactionId)) throw new Violation("money is booked once", fact.transactionId);
    this.#booked.add(fact.transactionId);
    for (const { account, amount } of postingsOf(fact))
      this.accounts.set(account, (this.accounts.get(account) ?? 0) + amount);
  }

  strandedEvents(): PaymentEventRow[] {
    const due = (event: PaymentEventRow) =>
      event.processedAt === null && event.receivedAt + strandedMs < this.now;
    return [...this.paymentEvents.values()].filter(due);
  }

  takeDueAttempts(): AttemptRow[] {
    const { now } = this;
    const due = [...this.attempts.values()].filter((each) => isOpen(each) && each.nextCheckAt < now);
    for (const attempt of due) {
      const nextCheckAt = now + Math.max(checkMsMin, (now - attempt.createdAt) / 2);
      this.attempts.set(attempt.id, { ...attempt, nextCheckAt });
    }
    return due;
  }

  takeDueRefunds(): RefundRow[] {
    const { now } = this;
    const due = [...this.refunds.values()].filter(
      (each) => each.status === "pending" && each.nextCheckAt < now,
    );
    for (const refund of due) this.refunds.set(refund.id, { ...refund, nextCheckAt: now + checkMsMin });
    return due;
  }

  overdueOrders(): string[] {
    const due = (row: OrderRow) => isPayable(row.status) && row.holdExpiresAt.getTime() < this.now;
    return [...this.orders.values()].filter(due).map((row) => row.id);
  }

  /** When something is due for a sweep, by this database's clock; undefined when nothing waits any more. */
  nextDueAt(): number | undefined {
    const next = Math.min(this.outbox.nextDueAt(), this.nextPaymentDueAt(), this.nextExpiryAt());
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  nextPaymentDueAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const event of this.paymentEvents.values())
      if (event.processedAt === null) next = Math.min(next, event.receivedAt + strandedMs);
    for (const attempt of this.attempts.values())
      if (isOpen(attempt)) next = Math.min(next, attempt.nextCheckAt);
    for (const refund of this.refunds.values())
      if (refund.status === "pending") next = Math.min(next, refund.nextCheckAt);
    return next;
  }

  nextExpiryAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const order of this.orders.values())
      if (isPayable(order.status)) next = Math.min(next, order.holdExpiresAt.getTime());
    return next;
  }
}

function isOpen(attempt: AttemptRow): boolean {
  return openAttemptStatuses.some((status) => status === attempt.status);
}

function captureOf(order: OrderRow, attempt: AttemptRow): MoneyFact {
  const { id: orderId, total: amount, currency } = order;
  return {
    transactionId: `capture:${attempt.id}`,
    kind: "capture",
    orderId,
    amount,
    currency,
    provider: attempt.provider,
  };
}
