import { epochMs } from "#core/time";
import type { DeliveryFailure } from "#events/deliver-round";
import { Violation } from "../network.ts";
import type { OrderEvent, OutboxEntry } from "./rows.ts";

const leaseMs = 30_000;
/** Failures of an event in a row before it may be given up. */
const triesAtLeast = 12;

/** The outbox table: leases by time, and of each subject only the oldest undelivered entry. */
export class OutboxModel {
  readonly entries: OutboxEntry[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  append(event: OrderEvent): void {
    const position = this.entries.length;
    const recordedAt = epochMs(this.#now());
    const row = { position, event, covers: [], isBulk: false, handledBy: [], attempts: 0, recordedAt };
    this.entries.push({ ...row, leasedUntil: 0, state: "due" });
  }

  lease(rowsMax: number): OutboxEntry[] {
    const now = this.#now();
    const subjects = new Set<string>();
    const due: OutboxEntry[] = [];
    for (const entry of this.entries) {
      if (entry.state !== "due" || subjects.has(entry.event.subject)) continue;
      subjects.add(entry.event.subject);
      if (entry.leasedUntil < now && due.length < rowsMax) due.push(entry);
    }
    for (const entry of due) this.entries[entry.position] = { ...entry, leasedUntil: now + leaseMs };
    return due;
  }

  markDelivered(positions: readonly number[]): void {
    for (const position of positions) this.#change(position, (entry) => ({ ...entry, state: "delivered" }));
  }

  markFailed(failures: readonly DeliveryFailure[]): void {
    for (const { position, handledBy, retryAt } of failures)
      this.#change(position, (entry) => ({
        ...entry,
        handledBy,
        attempts: entry.attempts + 1,
        ...(retryAt === "dead" ? { state: "dead" as const } : { leasedUntil: retryAt }),
      }));
  }

  /** Staff look at what was given up and send it on its way again. */
  redriveDead(): void {
    for (const entry of this.entries) {
      if (entry.state !== "dead") continue;
      if (entry.attempts < triesAtLeast)
        throw new Violation("events are given up only after many tries", `${entry.attempts} tries`);
      this.entries[entry.position] = { ...entry, state: "due", attempts: 0, leasedUntil: 0 };
    }
  }

  nextDueAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const entry of this.entries) if (entry.state === "due") next = Math.min(next, entry.leasedUntil);
    return next;
  }

  #change(position: number, change: (entry: OutboxEntry) => OutboxEntry): void {
    const entry = this.entries[position];
    if (entry?.state === "due") this.entries[position] = change(entry);
  }
}
