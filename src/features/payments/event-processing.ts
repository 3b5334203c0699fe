import { tellable } from "#core/faults";
import { AppError } from "#core/errors";
import type { Contradiction } from "#core/payment-claims";
import type { PaymentFacts } from "#core/payment-facts";

export const eventTimes = {
  /** For so long the sweep leaves events alone that somebody acts on; a process that died there stops them no longer. */
  deliveryMsMax: 30_000,
  /** The first pause after a failure, and the longest; each is twice the one before. */
  pauseMsFirst: 5_000,
  pauseMsMax: 900_000,
} as const;

/** A provider's event as it was stored and waits. */
export type WaitingEvent = {
  readonly id: string;
  /** The provider's id of the payment that it is about; null when it names none. */
  readonly providerReference: string | null;
  /** Whether it tells of a dispute, which no reading of the payment does. */
  readonly reportsDispute: boolean;
};

type FoundAttempt = { readonly orderId: string; readonly providerReference: string | null };

/** What waits of one payment. */
export type Waiting<Event, Attempt> = {
  /** Oldest first. */
  readonly events: readonly Event[];
  /** The attempt that has the payment's reference by now. */
  readonly attempt: Attempt | undefined;
};

/** What acting on events needs from the world; the real ones ask Postgres and the provider. */
export type EventPorts<Event extends WaitingEvent, Attempt extends FoundAttempt> = {
  /**
   * The event and all others of its payment that wait; the sweep leaves them alone for a while. None when the event has
   * been processed.
   */
  readonly take: () => Promise<Waiting<Event, Attempt>>;
  /** The payment of an event that names only a part of it, such as a capture; undefined when it is about none. */
  readonly referenceOf: (event: Event) => Promise<string | undefined>;
  readonly read: (reference: string) => Promise<PaymentFacts>;
  /** The attempt that the facts are about: by the provider's id, or by ours when that was not stored yet. */
  readonly findAttempt: (facts: PaymentFacts) => Promise<Attempt | undefined>;
  /** False when somebody else moved the attempt first. */
  readonly adoptReference: (attempt: Attempt, reference: string) => Promise<boolean>;
  /** What the event says otherwise than our books; without an attempt, that it names one of ours which there is not. */
  readonly contradictions: (event: Event, attempt: Attempt | undefined) => readonly Contradiction[];
  /** Stops the order where it can be stopped, and keeps the event for people, as done. */
  readonly refuse: (
    event: Event,
    attempt: Attempt | undefined,
    contradictions: readonly Contradiction[],
  ) => Promise<unknown>;
  /** Whether our books have already what the event can tell of its payment. */
  readonly isReflected: (event: Event, attempt: Attempt) => boolean;
  /** Settles the order of this attempt. */
  readonly settle: (attempt: Attempt) => Promise<unknown>;
  readonly recordDispute: (event: Event, attempt: Attempt) => Promise<unknown>;
  readonly markProcessed: (eventIds: readonly string[]) => Promise<unknown>;
  readonly markFailed: (eventIds: readonly string[], error: string) => Promise<unknown>;
};

/**
 * Acts on a stored event: a wake-up for the payment that it names. What the provider says now counts, not what the
 * event said then, so that one settlement serves all events of the payment that were stored before it began. An event
 * that contradicts what we know is not acted on, but stops its order, before any other of the payment is. Repeating a
 * processed event does nothing; a fault leaves what it concerns for the next delivery.
 */
export async function processEvent<Event extends WaitingEvent, Attempt extends FoundAttempt>(
  ports: EventPorts<Event, Attempt>,
): Promise<void> {
  const { events, attempt: known } = await ports.take();
  if (events.length === 0) return;
  const attempt = await orFail(ports, events, () => attemptOf(ports, { events, attempt: known }));
  const accepted = await refuseContradicting(ports, events, attempt);
  const reports = attempt === undefined ? [] : accepted.filter(({ reportsDispute }) => reportsDispute);
  if (attempt !== undefined)
    await orFail(ports, accepted, async () => {
      if (!accepted.every((event) => ports.isReflected(event, attempt))) await ports.settle(attempt);
    });
  const settled = accepted.filter((event) => !reports.includes(event));
  if (settled.length > 0) await ports.markProcessed(idsOf(settled));
  if (attempt === undefined) return;
  for (const report of reports)
    await orFail(ports, [report], async () => {
      await ports.recordDispute(report, attempt);
      await ports.markProcessed([report.id]);
    });
}

/** @returns the events that contradict nothing. */
async function refuseContradicting<Event extends WaitingEvent, Attempt extends FoundAttempt>(
  ports: EventPorts<Event, Attempt>,
  events: readonly Event[],
  attempt: Attempt | undefined,
): Promise<readonly Event[]> {
  const accepted: Event[] = [];
  for (const event of events)
    await orFail(ports, events, async () => {
      const contradictions = ports.contradictions(event, attempt);
      if (contradictions.length === 0) accepted.push(event);
      else await ports.refuse(event, attempt, contradictions);
    });
  return accepted;
}

type FailurePorts = { readonly markFailed: (eventIds: readonly string[], error: string) => Promise<unknown> };

async function orFail<Answer>(
  ports: FailurePorts,
  events: readonly WaitingEvent[],
  work: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    await ports.markFailed(idsOf(events), tellable(error).message);
    throw error;
  }
}

function idsOf(events: readonly WaitingEvent[]): string[] {
  return events.map(({ id }) => id);
}

/** The attempt that the events are about; undefined when their payment is not ours. */
async function attemptOf<Event extends WaitingEvent, Attempt extends FoundAttempt>(
  ports: EventPorts<Event, Attempt>,
  { events, attempt: known }: Waiting<Event, Attempt>,
): Promise<Attempt | undefined> {
  const [first] = events;
  const reference = first && (first.providerReference ?? (await ports.referenceOf(first)));
  if (reference === undefined) return undefined;
  const attempt = known ?? (await ports.findAttempt(await ports.read(reference)));
  if (attempt === undefined) return undefined;
  // The process died between the provider's answer and storing it: the event brings the reference.
  if (attempt.providerReference === null && !(await ports.adoptReference(attempt, reference)))
    throw new AppError("conflict", { detail: `The payment ${reference} is being stored by others.` });
  return attempt;
}
