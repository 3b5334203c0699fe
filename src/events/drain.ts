import type { EpochMs } from "#core/time";

/** An outbox row as the drain sees it. */
export type OutboxRow<Event> = {
  position: number;
  event: Event;
  /** Handlers that have finished with it in earlier rounds. */
  handledBy: readonly string[];
  attempts: number;
};

export type Handler<Event> = { name: string; handle: (event: Event) => Promise<void> };

/** What the drain needs from the world; the store supplies Postgres, a simulation supplies memory. */
export type DrainDependencies<Event> = {
  /** Rows that are due, oldest first, leased to this drain alone for a while. */
  lease: (rowsMax: number) => Promise<OutboxRow<Event>[]>;
  handlersOf: (event: Event) => readonly Handler<Event>[];
  markDelivered: (positions: readonly number[]) => Promise<void>;
  /** Keeps which handlers have finished, and either when to try again or that the row is dead. */
  markFailed: (failure: DeliveryFailure) => Promise<void>;
  onFailure: (handlerName: string, event: Event, error: unknown) => void;
  now: () => EpochMs;
};

export type DeliveryFailure = {
  position: number;
  handledBy: readonly string[];
  error: string;
  retryAt: EpochMs | "dead";
};

export const drainLimits = {
  /** Rows leased at once. */
  rowsPerRound: 50,
  /** Rounds in one wake-up; what is left waits for the next. */
  roundsMax: 20,
  /** Failed deliveries after which a row is dead and waits for a person. */
  attemptsMax: 12,
  backoffMsFirst: 500,
  backoffMsMax: 10 * 60 * 1000,
} as const;

/** Pause before the next try: doubling from half a second to ten minutes. */
export function backoffMs(failures: number): number {
  return Math.min(drainLimits.backoffMsMax, drainLimits.backoffMsFirst * 2 ** (failures - 1));
}

/**
 * Hands events to their handlers until none is due; a round that delivered may have freed a subject's next event. Each handler gets an event at least once; a handler that failed
 * gets it again without those that succeeded, and stops nothing but this event.
 * @returns the number of events delivered.
 */
export async function drainOutbox<Event>(dependencies: DrainDependencies<Event>): Promise<number> {
  let delivered = 0;
  for (let round = 0; round < drainLimits.roundsMax; round++) {
    const rows = await dependencies.lease(drainLimits.rowsPerRound);
    const outcomes = await Promise.all(rows.map((row) => deliver(row, dependencies)));
    const positions = outcomes.filter((position) => position !== undefined);
    if (positions.length > 0) await dependencies.markDelivered(positions);
    delivered += positions.length;
    if (positions.length === 0) break;
  }
  return delivered;
}

async function deliver<Event>(
  row: OutboxRow<Event>,
  dependencies: DrainDependencies<Event>,
): Promise<number | undefined> {
  const handledBy = [...row.handledBy];
  let failure: string | undefined;
  for (const { name, handle } of dependencies.handlersOf(row.event)) {
    if (handledBy.includes(name)) continue;
    try {
      await handle(row.event);
      handledBy.push(name);
    } catch (error) {
      failure = error instanceof Error ? error.message : "a handler threw something that is no error";
      dependencies.onFailure(name, row.event, error);
    }
  }
  if (failure === undefined) return row.position;
  const failures = row.attempts + 1;
  const retryAt =
    failures >= drainLimits.attemptsMax ? "dead" : ((dependencies.now() + backoffMs(failures)) as EpochMs);
  await dependencies.markFailed({ position: row.position, handledBy, error: failure, retryAt });
  return undefined;
}
