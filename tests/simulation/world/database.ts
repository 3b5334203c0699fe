import { AppError } from "#core/errors";
import { nextState } from "#core/state-machine";
import type { PaymentFacts, PaymentProvider } from "#core/payment-facts";
import type { OrderEventType } from "#events/catalogue";
import { type OrderTransition, orderTransitions } from "#features/orders/rules";
import { captureFact } from "#features/payments/bookkeeping";
import type { Waiting } from "#features/payments/event-processing";
import { type AttemptStatus, checkTimes, isOpen } from "#features/payments/rules";
import { Violation } from "../network.ts";
import type { AttemptRow, CheckoutAnswer, Order, OrderRow, PaymentEventRow, PlacedAnswer } from "./rows.ts";
import { BooksModel } from "./books.ts";
import { nextCheckAt } from "./checks.ts";
import { DisputesModel } from "./disputes.ts";
import { RefundsModel } from "./refunds.ts";
import { OutboxModel } from "./outbox.ts";
import { PaymentEventsModel } from "./payment-events.ts";

export type OrderMove = {
  transition: OrderTransition | undefined;
  event: OrderEventType;
  refunded?: number;
  payBy?: Date;
};
export type AttemptMove = {
  id: string;
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
  readonly placed = new Map<string, PlacedAnswer>();
  readonly #opened = new Map<string, CheckoutAnswer>();
  readonly refunds = new RefundsModel(this);
  readonly disputes = new DisputesModel(this);
  readonly books = new BooksModel();
  readonly outbox: OutboxModel;
  readonly paymentEvents: PaymentEventsModel;
  readonly #hooks: DatabaseHooks;

  constructor(hooks: DatabaseHooks) {
    this.#hooks = hooks;
    this.outbox = new OutboxModel(hooks.now);
    this.paymentEvents = new PaymentEventsModel(hooks.now);
  }

  get now(): number {
    return this.#hooks.now();
  }

  load(orderId: string): Order | undefined {
    const row = this.orders.get(orderId);
    if (row === undefined) return undefined;
    const attempts = [...this.attempts.values()].filter((attempt) => attempt.orderId === orderId);
    return { ...row, attempts, attempt: attempts.at(-1), refunds: this.refunds.of(orderId) };
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
    const seen = order.attempts.find((each) => each.id === attemptMove?.id);
    const attempt = seen && this.attempts.get(seen.id);
    if (row === undefined) throw new Violation("orders do not vanish", order.id);
    if (orderMove && row.version !== order.version) return false;
    if (attemptMove && attempt?.version !== seen?.version) return false;
    if (attemptMove && takesMoney(attemptMove) && this.#hasOpenAttempt(order.id, attemptMove.id))
      return false;
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
        holdExpiresAt: orderMove.payBy ?? row.holdExpiresAt,
      };
      this.orders.set(row.id, moved);
      this.outbox.append({ type: orderMove.event, subject: row.id, sequence: moved.version });
      this.#hooks.onMove(moved);
      this.#hooks.wakeOutbox();
    }
    if (orderMove && attemptMove?.status === "captured" && attempt)
      this.books.book(captureFact(row, attempt, row.total));
    return true;
  }

  /** @returns the order as the move leaves it, undefined when it was not moved. */
  moved(order: Order, move: Move): Order | undefined {
    return this.move(order, move) ? this.load(order.id) : undefined;
  }

  #moveAttempt(attempt: AttemptRow, move: AttemptMove): void {
    this.attempts.set(attempt.id, {
      ...attempt,
      status: move.status,
      providerReference: move.reference ?? attempt.providerReference,
      capturedAmount: move.capturedAmount ?? attempt.capturedAmount,
      failureCode: move.failureCode ?? attempt.failureCode,
      changedAt: this.now,
      nextCheckAt: move.status === "cancelled" ? nextCheckAt(this.now, this.now) : attempt.nextCheckAt,
      version: attempt.version + 1,
    });
  }

  /** @returns undefined when the order has another attempt that can still take money. */
  insertAttempt(order: OrderRow, id: string, provider: PaymentProvider): AttemptRow | undefined {
    return this.#insertAttempt(order, { id, provider, status: "creating", providerReference: null });
  }

  /** A manual payment, together with the answer that its key gets. */
  storePromise(key: string, order: OrderRow, id: string): AttemptRow | "same_key" | "taken" {
    if (this.#opened.has(key)) return "same_key";
    const own = { id, provider: "manual", status: "pending", providerReference: id } as const;
    const attempt = this.#insertAttempt(order, own);
    if (attempt === undefined) return "taken";
    this.#opened.set(key, { attemptId: id });
    return attempt;
  }

  #insertAttempt(
    order: OrderRow,
    own: Pick<AttemptRow, "id" | "provider" | "status" | "providerReference">,
  ): AttemptRow | undefined {
    const { id } = own;
    if (this.#hasOpenAttempt(order.id, id)) return undefined;
    const { id: orderId, total: amount, currency } = order;
    const attempt: AttemptRow = {
      ...own,
      orderId,
      amount,
      currency,
      failureCode: null,
      capturedAmount: 0,
      receivedAt: null,
      acceptedAt: null,
      version: 1,
      createdAt: this.now,
      changedAt: this.now,
      nextCheckAt: nextCheckAt(this.now, this.now),
    };
    this.attempts.set(id, attempt);
    return attempt;
  }

  /** Whether another attempt of the order can still take money. */
  #hasOpenAttempt(orderId: string, exceptId: string): boolean {
    for (const attempt of this.attempts.values())
      if (attempt.orderId === orderId && attempt.id !== exceptId && takesMoney(attempt)) return true;
    return false;
  }

  attemptOf(id: string): AttemptRow {
    const attempt = this.attempts.get(id);
    if (attempt === undefined) throw new Violation("attempts do not vanish", id);
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
      this.#moveAttempt(attempt, { id: attempt.id, status: "pending", reference });
    }
    this.#opened.set(key, { attemptId: attempt.id });
    return "stored";
  }

  /** What waits of an event's payment, and the payment's attempt. */
  takeWaitingEvents(id: string): Waiting<PaymentEventRow, AttemptRow> {
    const events = this.paymentEvents.take(id);
    const reference = events[0]?.providerReference;
    const attempt =
      reference === undefined
        ? undefined
        : [...this.attempts.values()].find((each) => each.providerReference === reference);
    return { events, attempt };
  }

  /** Staff have received the money of an order's newest payment, if that is a manual one and was not cancelled. */
  markReceived(orderId: string): void {
    const attempt = this.load(orderId)?.attempt;
    if (attempt?.provider !== "manual" || attempt.status === "cancelled") return;
    const { receivedAt, version } = attempt;
    this.attempts.set(attempt.id, {
      ...attempt,
      receivedAt: receivedAt ?? new Date(this.now),
      version: version + 1,
    });
  }

  takeDueAttempts(): AttemptRow[] {
    const { now } = this;
    const due = [...this.attempts.values()].filter((each) => isWatched(each, now) && each.nextCheckAt < now);
    for (const attempt of due) {
      const since = attempt.status === "cancelled" ? attempt.changedAt : attempt.createdAt;
      this.attempts.set(attempt.id, { ...attempt, nextCheckAt: nextCheckAt(now, since) });
    }
    return due;
  }

  overdueOrders(): string[] {
    const due = (row: OrderRow) => this.#mayExpire(row) && row.holdExpiresAt.getTime() < this.now;
    return [...this.orders.values()].filter(due).map((row) => row.id);
  }

  /** While the outcome of an open payment is unknown its order does not expire. */
  #mayExpire({ id, status }: OrderRow): boolean {
    if (status !== "payment_unknown") return status === "pending_payment";
    return ![...this.attempts.values()].some((each) => each.orderId === id && isOpen(each.status));
  }

  /** When something is due for a sweep, by this database's clock; undefined when nothing waits any more. */
  nextDueAt(): number | undefined {
    const next = Math.min(this.outbox.nextDueAt(), this.nextPaymentDueAt(), this.nextExpiryAt());
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  nextPaymentDueAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const attempt of this.attempts.values())
      if (isWatched(attempt, this.now)) next = Math.min(next, attempt.nextCheckAt);
    return Math.min(next, this.refunds.nextDueAt(), this.paymentEvents.nextDueAt());
  }

  nextExpiryAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const order of this.orders.values())
      if (this.#mayExpire(order)) next = Math.min(next, order.holdExpiresAt.getTime());
    return next;
  }
}

function isWatched({ status, provider, changedAt }: AttemptRow, now: number): boolean {
  if (isOpen(status)) return true;
  return status === "cancelled" && provider === "paypal" && now - changedAt < checkTimes.closedWatchMs;
}

function takesMoney({ status }: { status: AttemptStatus }): boolean {
  return status !== "cancelled" && status !== "failed";
}
