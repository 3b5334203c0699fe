import type { PaymentProvider } from "#core/payment-facts";
import { captureFact, refundFact } from "#features/payments/bookkeeping";
import { moveByRefund, providerRefundKey, surplusKey } from "#features/payments/refund-rules";
import type { RefundChange } from "#features/payments/refunding";
import type { MovedMoney } from "#features/payments/settlement-ports";
import { Violation } from "../network.ts";
import { nextCheckAt } from "./checks.ts";
import type { DatabaseModel } from "./database.ts";
import type { AttemptRow, Order, RefundRow } from "./rows.ts";

type NewRefund = Pick<RefundRow, "requestKey" | "attemptId" | "amount" | "lines" | "restock" | "origin">;

/** The refunds table; its rows change together with their order and the books. */
export class RefundsModel {
  readonly rows = new Map<string, RefundRow>();
  readonly #database: DatabaseModel;

  constructor(database: DatabaseModel) {
    this.#database = database;
  }

  of(orderId: string): RefundRow[] {
    return [...this.rows.values()].filter((refund) => refund.orderId === orderId);
  }

  find(requestKey: string): RefundRow | undefined {
    for (const refund of this.rows.values()) if (refund.requestKey === requestKey) return refund;
    return undefined;
  }

  /** Stores what staff asked for; the order's version guards the sum. */
  request(order: Order, refund: NewRefund): "stored" | "same_key" | "lost_race" {
    if (this.find(refund.requestKey)) return "same_key";
    if (!this.#database.move(order, { order: { transition: undefined, event: "order.refund_requested" } }))
      return "lost_race";
    this.#insert(order, refund, "pending");
    this.#checkPromised(order);
    return "stored";
  }

  /**
   * Money that nobody owed: booked as received and to be given back, an amount once.
   * @returns undefined when somebody moved the order first.
   */
  insertSurplus(order: Order, attempt: AttemptRow, { amount, captured }: MovedMoney): RefundRow | undefined {
    const { id: attemptId } = attempt;
    const requestKey = `surplus ${surplusKey(attemptId, amount)}`;
    const known = this.find(requestKey);
    if (known) return known;
    if (!this.#database.move(order, { order: { transition: undefined, event: "order.refund_requested" } }))
      return undefined;
    this.#database.books.bookOnce(captureFact(order, attempt, captured));
    const refund = { requestKey, attemptId, amount, lines: [], restock: false, origin: "system" } as const;
    return this.#insert(order, refund, "pending");
  }

  /** What was given back in the provider's dashboard. */
  recordAtProvider(order: Order, attempt: AttemptRow, { amount, captured }: MovedMoney): boolean {
    const { id: attemptId, provider } = attempt;
    const moved = moveByRefund(order, { attemptId, amount });
    if (!this.#database.move(order, { order: { event: "order.refunded", ...moved } })) return false;
    this.#database.books.bookOnce(captureFact(order, attempt, captured));
    const requestKey = `provider ${providerRefundKey(order, { attemptId, amount })}`;
    if (this.find(requestKey)) throw new Violation("what went back elsewhere is recorded once", requestKey);
    const refund = { requestKey, attemptId, amount, lines: [], restock: false, origin: "provider" } as const;
    this.#database.books.book(refundFact(order, this.#insert(order, refund, "succeeded"), provider));
    return true;
  }

  storeOutcome(order: Order, refund: RefundRow, change: RefundChange, provider: PaymentProvider): boolean {
    const row = this.rows.get(refund.id);
    if (row?.status !== "pending" || row.version !== refund.version) return false;
    if (change.order && !this.#database.move(order, { order: change.order })) return false;
    const { state: status, reference: providerReference, failureCode } = change.facts;
    const moved = {
      ...row,
      status,
      providerReference,
      failureCode: failureCode ?? null,
      version: row.version + 1,
    };
    this.rows.set(row.id, moved);
    if (change.booked) this.#database.books.book(refundFact(order, moved, provider));
    return true;
  }

  /** Never more of a payment goes back than it took, and no unit of a line twice. */
  #checkPromised({ id: orderId, lines, attempt }: Order): void {
    const given = this.of(orderId).filter(
      ({ status, attemptId }) => status !== "failed" && attemptId === attempt?.id,
    );
    const promised = given.reduce((sum, { amount }) => sum + amount, 0);
    if (promised > (attempt?.capturedAmount ?? 0))
      throw new Violation("no more goes back than was paid", `${promised} of ${orderId}`);
    for (const { id, quantity } of lines) {
      const returned = given
        .flatMap((refund) => refund.lines.filter((line) => line.order_line_id === id))
        .reduce((sum, line) => sum + line.quantity, 0);
      if (returned > quantity)
        throw new Violation("a unit goes back once", `${returned} of ${quantity} of ${id}`);
    }
  }

  takeDue(): RefundRow[] {
    const { now } = this.#database;
    const due = [...this.rows.values()].filter((each) => each.status === "pending" && each.nextCheckAt < now);
    for (const refund of due)
      this.rows.set(refund.id, { ...refund, nextCheckAt: nextCheckAt(now, refund.createdAt) });
    return due;
  }

  nextDueAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const refund of this.rows.values())
      if (refund.status === "pending") next = Math.min(next, refund.nextCheckAt);
    return next;
  }

  #insert({ id: orderId }: Order, refund: NewRefund, status: RefundRow["status"]): RefundRow {
    const id = `rfd_${this.rows.size + 1}`;
    const { now: createdAt } = this.#database;
    const unknown = { providerReference: null, failureCode: null, version: 1 };
    const times = { createdAt, nextCheckAt: nextCheckAt(createdAt, createdAt) };
    const row: RefundRow = { ...refund, ...unknown, ...times, id, orderId, status };
    this.rows.set(id, row);
    return row;
  }
}
