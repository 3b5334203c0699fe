import { tellable } from "#core/faults";
import { type EpochMs, dayMs, epochMs, minuteMs, secondMs } from "#core/time";

/** An outbox row as the drain sees it. */
export type OutboxRow<Event> = {
  position: number;
  /** Later rows of the same subject for which this one stands: it tells all that they would. */
  covers: readonly number[];
  /** Goes to copies only, and may come by the ten thousand. */
  isBulk: boolean;
  event: Event;
  recordedAt: EpochMs;
  /** Handlers that have finished with it in earlier rounds. */
  handledBy: readonly string[];
  attempts: number;
};

export type Handler<Event> = {
  name: string;
  handle: (event: Event) => Promise<void>;
  /**
   * Takes all of a round's events at once: all are handled, or none. After a fault halves are tried, and halves of
   * these, until it shows whose fault it was.
   */
  handleTogether?: HandleTogether<Event>;
};

/** Tells how much it had to move for these events, so that rounds do not outgrow the memory. */
export type HandleTogether<Event> = (events: readonly Event[]) => Promise<{ bytes: number }>;

export type DeliveryFailure = {
  position: number;
  handledBy: readonly string[];
  error: string;
  retryAt: EpochMs | "dead";
  /** False where it was only put off. */
  isAttempt: boolean;
};

export type DeliveryDependencies<Event> = {
  handlersOf: (event: Event) => readonly Handler<Event>[];
  /** Keeps which handlers have finished, and either when to try again or that the row is dead. */
  markFailed: (failures: readonly DeliveryFailure[]) => Promise<void>;
  /** Told once of events that failed for the same reason. */
  onFailure: (handlerName: string, events: readonly Event[], error: unknown) => void;
  /** Whether this refuses the event for now, by something that may last for hours and ends by itself. */
  isPassing: (error: unknown) => boolean;
  now: () => EpochMs;
};

export const deliveryLimits = {
  /** Failed deliveries after which a row is dead and waits for a person. */
  attemptsMax: 12,
  backoffMsFirst: 500,
  backoffMsMax: 10 * minuteMs,
  /** The same where everything failed, which is nobody's fault: what was away may be back at any moment. */
  awayBackoffMsMax: 15 * secondMs,
  /** The pause of an event that is refused for now, and its age from which on that counts as a failure, too. */
  putOffMs: minuteMs,
  putOffAgeMsMax: 7 * dayMs,
  /** Faults in a round beyond those that lead to one culprit. */
  extraFaultsMax: 16,
  /** The time for finding culprits; what has not been tried by then has failed as well. */
  huntMsMax: 8 * secondMs,
  /** So many events that fail one and all are not the reason. */
  crowdMin: 5,
} as const;

/** Pause before the next try: doubling from half a second to ten minutes. */
export function backoffMs(failures: number): number {
  return Math.min(deliveryLimits.backoffMsMax, deliveryLimits.backoffMsFirst * 2 ** (failures - 1));
}

/** The positions of the rows that every handler has finished with, and how much was moved for them. */
export type RoundOutcome = { readonly positions: number[]; readonly bytes: number };

/** A row on its way through its handlers in one round. */
type Delivery<Event> = { row: OutboxRow<Event>; handledBy: string[]; fault: Fault | undefined };

/** Worst first: of the event itself, of all that were handled with it, or of nobody, where it is refused for now. */
const blames = ["own", "common", "passing"] as const;

type Fault = { message: string; blame: (typeof blames)[number] };

/** One event for one handler; a handler may be bound to its very event. */
type Task<Event> = { handler: Handler<Event>; delivery: Delivery<Event> };

/** Hands each row to its handlers, all at once, and keeps what failed. */
export async function deliverRound<Event>(
  rows: readonly OutboxRow<Event>[],
  dependencies: DeliveryDependencies<Event>,
): Promise<RoundOutcome> {
  const deliveries = rows.map((row) => ({ row, handledBy: [...row.handledBy], fault: undefined }));
  const work = new Map<string, Task<Event>[]>();
  for (const delivery of deliveries) {
    for (const handler of dependencies.handlersOf(delivery.row.event)) {
      if (delivery.handledBy.includes(handler.name)) continue;
      const tasks = work.get(handler.name);
      if (tasks) tasks.push({ handler, delivery });
      else work.set(handler.name, [{ handler, delivery }]);
    }
  }
  const moved = await Promise.all([...work.values()].map((tasks) => runTasks(tasks, dependencies)));
  const positions = await settleRound(deliveries, dependencies);
  return { positions, bytes: moved.reduce((sum, bytes) => sum + bytes, 0) };
}

/** Runs the tasks of handlers of one name: at once where the handler can, else each event with its own handler. */
async function runTasks<Event>(
  tasks: readonly Task<Event>[],
  dependencies: DeliveryDependencies<Event>,
): Promise<number> {
  const handleTogether = tasks[0]?.handler.handleTogether;
  if (handleTogether && tasks.length > 1) return runTogether(tasks, handleTogether, dependencies);
  await Promise.all(
    tasks.map(async (task) => {
      const error = await runAlone(task);
      if (error !== undefined) blame([task], { error, isOwn: true }, dependencies);
    }),
  );
  return 0;
}

/** @returns what it failed with. */
async function runAlone<Event>({ handler, delivery }: Task<Event>): Promise<unknown> {
  try {
    await handler.handle(delivery.row.event);
    delivery.handledBy.push(handler.name);
    return undefined;
  } catch (error) {
    return error ?? new Error("thrown: nothing");
  }
}

/** The search for those whose fault it is that events cannot be handled together. */
type Hunt<Event> = {
  readonly handleTogether: HandleTogether<Event>;
  readonly isOver: () => boolean;
  readonly culprits: { task: Task<Event>; error: unknown }[];
  readonly untried: Task<Event>[];
  faults: number;
  lastError: unknown;
  handled: number;
  bytes: number;
};

async function runTogether<Event>(
  tasks: readonly Task<Event>[],
  handleTogether: HandleTogether<Event>,
  dependencies: DeliveryDependencies<Event>,
): Promise<number> {
  const { extraFaultsMax, huntMsMax, crowdMin } = deliveryLimits;
  const endsAt = dependencies.now() + huntMsMax;
  const halvings = Math.ceil(Math.log2(tasks.length));
  const hunt: Hunt<Event> = {
    handleTogether,
    // Where the smallest part fails as all larger ones did, and its neighbours too, the others need not be tried.
    isOver: () =>
      hunt.faults > halvings + (hunt.handled === 0 ? 2 : halvings + extraFaultsMax) ||
      (hunt.faults > 0 && dependencies.now() > endsAt),
    culprits: [],
    untried: [],
    faults: 0,
    lastError: undefined,
    handled: 0,
    bytes: 0,
  };
  // Those that have failed before come last, so that they spoil the fewest.
  await tryPart(
    tasks.toSorted((a, b) => a.delivery.row.attempts - b.delivery.row.attempts),
    hunt,
  );
  const isOwn = hunt.handled > 0 || tasks.length < crowdMin;
  if (isOwn) for (const { task, error } of hunt.culprits) blame([task], { error, isOwn }, dependencies);
  else hunt.untried.push(...hunt.culprits.map(({ task }) => task));
  if (hunt.untried.length > 0) blame(hunt.untried, { error: hunt.lastError, isOwn: false }, dependencies);
  return hunt.bytes;
}

async function tryPart<Event>(part: readonly Task<Event>[], hunt: Hunt<Event>): Promise<void> {
  if (hunt.isOver()) {
    hunt.untried.push(...part);
    return;
  }
  const error = await handlePart(part, hunt);
  if (error === undefined) return;
  hunt.faults += 1;
  hunt.lastError = error;
  const [task] = part;
  if (part.length === 1 && task !== undefined) {
    hunt.culprits.push({ task, error });
    return;
  }
  const middle = Math.ceil(part.length / 2);
  for (const half of [part.slice(0, middle), part.slice(middle)]) await tryPart(half, hunt);
}

/** @returns what it failed with. */
async function handlePart<Event>(part: readonly Task<Event>[], hunt: Hunt<Event>): Promise<unknown> {
  const [task] = part;
  if (part.length === 1 && task !== undefined) {
    const error = await runAlone(task);
    if (error === undefined) hunt.handled += 1;
    return error;
  }
  try {
    const { bytes } = await hunt.handleTogether(part.map(({ delivery }) => delivery.row.event));
    hunt.bytes += bytes;
  } catch (error) {
    return error ?? new Error("thrown: nothing");
  }
  for (const { handler, delivery } of part) delivery.handledBy.push(handler.name);
  hunt.handled += part.length;
  return undefined;
}

function blame<Event>(
  tasks: readonly Task<Event>[],
  { error, isOwn }: { error: unknown; isOwn: boolean },
  { onFailure, isPassing }: DeliveryDependencies<Event>,
): void {
  const { message } = tellable(error);
  const mine = isPassing(error) ? "passing" : isOwn ? "own" : "common";
  for (const { delivery } of tasks) {
    const worst = blames.find((each) => each === mine || each === delivery.fault?.blame);
    delivery.fault = { message, blame: worst ?? mine };
  }
  const [first] = tasks;
  if (first === undefined) return;
  onFailure(
    first.handler.name,
    tasks.map(({ delivery }) => delivery.row.event),
    error,
  );
}

async function settleRound<Event>(
  deliveries: readonly Delivery<Event>[],
  { markFailed, now }: DeliveryDependencies<Event>,
): Promise<number[]> {
  const delivered: number[] = [];
  const failed: DeliveryFailure[] = [];
  for (const { row, handledBy, fault } of deliveries) {
    if (fault === undefined) delivered.push(row.position, ...row.covers);
    else
      failed.push({
        position: row.position,
        handledBy,
        error: fault.message,
        ...nextTry(row, fault, now()),
      });
  }
  if (failed.length > 0) await markFailed(failed);
  return delivered;
}

function nextTry<Event>(
  { attempts, recordedAt }: OutboxRow<Event>,
  { blame }: Fault,
  now: EpochMs,
): Pick<DeliveryFailure, "retryAt" | "isAttempt"> {
  const { awayBackoffMsMax, putOffMs, putOffAgeMsMax } = deliveryLimits;
  if (blame === "passing" && now - recordedAt < putOffAgeMsMax)
    return { retryAt: epochMs(now + putOffMs), isAttempt: false };
  const failures = attempts + 1;
  const isAway = blame === "common";
  const soon = epochMs(now + Math.min(awayBackoffMsMax, backoffMs(failures)));
  return { retryAt: isAway ? soon : nextTryOfOne(failures, now), isAttempt: true };
}

/** When an event that failed by itself is tried again, after so many failures. */
export function nextTryOfOne(failures: number, now: EpochMs): DeliveryFailure["retryAt"] {
  return failures >= deliveryLimits.attemptsMax ? "dead" : epochMs(now + backoffMs(failures));
}
