import type { OutsideProvider, PaymentFacts } from "#core/payment-facts";
import { eventTimes } from "#features/payments/event-processing";
import { isOfInterest } from "#features/payments/event-types";
import { eventTypeOf } from "./event-type.ts";
import type { DisputeReport, PaymentEventRow } from "./rows.ts";

const strandedMs = 10_000;

/** What a provider tells in one webhook. */
export type ProviderEvent = {
  provider: OutsideProvider;
  told: PaymentFacts;
  dispute: DisputeReport | undefined;
};

/** The providers' stored events: every method is one transaction. */
export class PaymentEventsModel {
  readonly rows = new Map<string, PaymentEventRow>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns whether the event is to be acted on. */
  insert(id: string, { provider, told, dispute }: ProviderEvent): boolean {
    const now = this.#now();
    const reportsDispute = dispute !== undefined;
    const type = eventTypeOf({ provider, told, reportsDispute });
    const matters = isOfInterest(provider, type);
    if (this.rows.has(id)) return matters;
    this.rows.set(id, {
      id,
      provider,
      type,
      providerReference: told.reference,
      told,
      dispute,
      reportsDispute,
      processedAt: matters ? null : new Date(now),
      attempts: 0,
      nextTryAt: now + strandedMs,
    });
    return matters;
  }

  /** An event that waits and all others of its payment that wait; none when it was processed. */
  take(id: string): PaymentEventRow[] {
    const named = this.rows.get(id);
    if (named === undefined || named.processedAt !== null) return [];
    return this.#putOff((event) => event.providerReference === named.providerReference);
  }

  takeStranded(): PaymentEventRow[] {
    const now = this.#now();
    return this.#putOff((event) => event.nextTryAt < now);
  }

  #putOff(fits: (event: PaymentEventRow) => boolean): PaymentEventRow[] {
    const taken = [...this.rows.values()].filter((event) => event.processedAt === null && fits(event));
    for (const event of taken)
      this.rows.set(event.id, { ...event, nextTryAt: this.#now() + eventTimes.deliveryMsMax });
    return taken;
  }

  markProcessed(id: string): void {
    const event = this.rows.get(id);
    if (event) this.rows.set(id, { ...event, processedAt: new Date(this.#now()) });
  }

  markFailed(ids: readonly string[]): void {
    for (const id of ids) {
      const event = this.rows.get(id);
      if (event === undefined || event.processedAt !== null) continue;
      const pauseMs = Math.min(eventTimes.pauseMsMax, eventTimes.pauseMsFirst * 2 ** event.attempts);
      this.rows.set(id, { ...event, attempts: event.attempts + 1, nextTryAt: this.#now() + pauseMs });
    }
  }

  nextDueAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const event of this.rows.values())
      if (event.processedAt === null) next = Math.min(next, event.nextTryAt);
    return next;
  }
}
