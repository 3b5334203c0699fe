import { tellable } from "#core/faults";
import type { EpochMs } from "#core/time";

/** An outbox row as the drain sees it. */
export type OutboxRow<Event> = {
  position: number;
  event: Event;
  /** Handlers that have finished with it in earlier rounds. */
  handledBy: readonly string[];
  attempts: number;
};

export type Handler<Event> = {
  name: string;
  handle: (event: Event) => Promise<void>;
  /** Takes all of a round's events at once: all are handled, or none. After a fault they are handled one by one. */
  handleTogether?: (events: readonly Event[]) => Promise<void>;
};

/** What the drain needs from the world; the store supplies Postgres, a simulation supplies memory. */
export type DrainDependencies<Event> = {
  /**
   * Marks what was delivered, and leases rows that are due then, oldest first, to this drain alone for a while: both or
   * neither.
   */
  lease: (rowsMax: number, delivered: readonly number[]) => Promise<OutboxRow<Event>[]>;
  handlersOf: (event: Event) => readonly Handler<Event>[];
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
 * Hands events to their handlers until none is due; a round that delivered may have freed a subject's next event. Each
 * handler gets an event at least once; a handler that failed gets it again without those that succeeded, and stops
 * nothing but this event.
 * @returns the number of events delivered.
 */
export async function drainOutbox<Event>(dependencies: DrainDependencies<Event>): Promise<number> {
  let delivered = 0;
  let positions: number[] = [];
  for (let round = 0; round < drainLimits.roundsMax; round++) {
    const rows = await dependencies.lease(drainLimits.rowsPerRound, positions);
    positions = await deliverRound(rows, dependencies);
    if (positions.length === 0) return delivered;
    delivered += positions.length;
  }
  await dependencies.lease(0, positions);
  return delivered;
}

/** A row on its way through its handlers in one round. */
type Delivery<Event> = { row: OutboxRow<Event>; handledBy: string[]; failure: string | undefined };

/** One event for one handler; a handler may be bound to its very event. */
type Task<Event> = { handler: Handler<Event>; delivery: Delivery<Event> };

/** @returns the positions of the rows that every handler has finished with. */
async function deliverRound<Event>(
  rows: readonly OutboxRow<Event>[],
  dependencies: DrainDependencies<Event>,
): Promise<number[]> {
  const deliveries = rows.map((row) => ({ row, handledBy: [...row.handledBy], failure: undefined }));
  const work = new Map<string, Task<Event>[]>();
  for (const delivery of deliveries) {
    for (const handler of dependencies.handlersOf(delivery.row.event)) {
      if (delivery.handledBy.includes(handler.name)) continue;
      const tasks = work.get(handler.name);
      if (tasks) tasks.push({ handler, delivery });
      else work.set(handler.name, [{ handler, delivery }]);
    }
  }
  await Promise.all([...work.values()].map((tasks) => runTogether(tasks, dependencies)));
  return settleRound(deliveries, dependencies);
}

/** Runs the tasks of handlers of one name: at once where the handler can, else each event with its own handler. */
async function runTogether<Event>(
  tasks: readonly Task<Event>[],
  { onFailure }: DrainDependencies<Event>,
): Promise<void> {
  const handleTogether = tasks[0]?.handler.handleTogether;
  if (handleTogether && tasks.length > 1) {
    try {
      await handleTogether(tasks.map(({ delivery }) => delivery.row.event));
      for (const { handler, delivery } of tasks) delivery.handledBy.push(handler.name);
      return;
    } catch {
      // One by one, so that none fails for another's sake; whose fault it was shows there.
    }
  }
  await Promise.all(
    tasks.map(async ({ handler, delivery }) => {
      try {
        await handler.handle(delivery.row.event);
        delivery.handledBy.push(handler.name);
      } catch (error) {
        delivery.failure = tellable(error).message;
        onFailure(handler.name, delivery.row.event, error);
      }
    }),
  );
}

async function settleRound<Event>(
  deliveries: readonly Delivery<Event>[],
  { markFailed, now }: DrainDependencies<Event>,
): Promise<number[]> {
  const delivered: number[] = [];
  for (const { row, handledBy, failure } of deliveries) {
    const { position } = row;
    if (failure === undefined) {
      delivered.push(position);
      continue;
    }
    const failures = row.attempts + 1;
    const retryAt = failures >= drainLimits.attemptsMax ? "dead" : ((now() + backoffMs(failures)) as EpochMs);
    await markFailed({ position, handledBy, error: failure, retryAt });
  }
  return delivered;
}
