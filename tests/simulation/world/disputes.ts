import { Violation } from "../network.ts";
import type { DatabaseModel } from "./database.ts";
import type { DisputeReport, DisputeRow, Order } from "./rows.ts";

/** The disputes table; its rows change together with their order's history. */
export class DisputesModel {
  readonly rows = new Map<string, DisputeRow>();
  readonly #told = new Map<string, Set<string>>();
  readonly #database: DatabaseModel;

  constructor(database: DatabaseModel) {
    this.#database = database;
  }

  store(order: Order, { facts: { reference, status }, occurredAt: reportedAt }: DisputeReport): boolean {
    if (!this.#database.move(order, { order: { transition: undefined, event: "order.disputed" } }))
      return false;
    const told = this.#told.get(reference) ?? new Set();
    if (told.has(status)) throw new Violation("a dispute is told once", `${reference} is ${status} again`);
    this.#told.set(reference, told.add(status));
    this.rows.set(reference, { status, reportedAt });
    return true;
  }

  /** Each dispute stands as the newest report says that has come. */
  check(): void {
    const newest = new Map<string, DisputeReport>();
    for (const { dispute } of this.#database.paymentEvents.rows.values()) {
      const known = dispute && newest.get(dispute.facts.reference);
      if (dispute && (known === undefined || isLater(dispute, known)))
        newest.set(dispute.facts.reference, dispute);
    }
    for (const [reference, { facts }] of newest) {
      const row = this.rows.get(reference);
      if (row?.status !== facts.status)
        throw new Violation(
          "a dispute stands as it was reported",
          `${reference}: ${row?.status}, not ${facts.status}`,
        );
    }
  }
}

/** Within one second a decision comes after the opening. */
function isLater(left: DisputeReport, right: DisputeReport): boolean {
  const laterMs = left.occurredAt.getTime() - right.occurredAt.getTime();
  return laterMs > 0 || (laterMs === 0 && right.facts.status === "open");
}
