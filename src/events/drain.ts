import { type EpochMs, epochMs, secondMs } from "#core/time";
import type { BulkTurn } from "./bulk-lane.ts";
import {
  type DeliveryDependencies,
  type OutboxRow,
  type RoundOutcome,
  deliverRound,
} from "./deliver-round.ts";

/** Rows wanted of each lane. */
export type Places = { readonly prompt: number; readonly bulk: number };

/** What the drain needs from the world; the store supplies Postgres, a simulation supplies memory. */
export type DrainDependencies<Event> = DeliveryDependencies<Event> & {
  /**
   * Marks what was delivered, and leases rows that are due then, of each lane the oldest, to this drain alone for a
   * while: both or neither.
   */
  lease: (places: Places, delivered: readonly number[]) => Promise<OutboxRow<Event>[]>;
  /** Undefined while another drain works at the bulk. */
  takeBulkTurn: () => BulkTurn | undefined;
  /** Asks for another drain, where this one has used up its time. */
  wakeAgain: () => Promise<void>;
};

export const drainLimits = {
  /** Rows of a lane leased at once. */
  rowsPerRound: 50,
  /** The same of a bulk that is far behind, and what it may move at once. */
  bulkRowsMax: 500,
  bulkBytesMax: 4 * 1024 * 1024,
  /** Less than a runtime grants to work after a response; what is left then is for the next wake-up. */
  drainMsMax: 20 * secondMs,
} as const;

/**
 * Hands events to their handlers until none is due; a round that delivered may have freed a subject's next event. Each
 * handler gets an event at least once; a handler that failed gets it again without those that succeeded, and stops
 * nothing but this event. A bulk that is far behind goes on beside what is prompt, in rounds of its own.
 * @returns the number of events delivered.
 */
export async function drainOutbox<Event>(dependencies: DrainDependencies<Event>): Promise<number> {
  const turn = dependencies.takeBulkTurn();
  try {
    return await drainLanes(dependencies, turn);
  } finally {
    turn?.end();
  }
}

async function drainLanes<Event>(
  dependencies: DrainDependencies<Event>,
  turn: BulkTurn | undefined,
): Promise<number> {
  const { rowsPerRound } = drainLimits;
  const drain = { dependencies, endsAt: epochMs(dependencies.now() + drainLimits.drainMsMax) };
  const both = { prompt: rowsPerRound, bulk: turn === undefined ? 0 : rowsPerRound };
  turn?.beginLook();
  let rows = await dependencies.lease(both, []);
  let delivered = 0;
  for (;;) {
    const bulk = rows.filter(({ isBulk }) => isBulk);
    if (turn !== undefined && bulk.length >= rowsPerRound) {
      const prompt = rows.filter(({ isBulk }) => !isBulk);
      const counts = [drainLane(prompt, promptLane, drain), drainLane(bulk, bulkLane(turn), drain)];
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, delivered);
    }
    const { positions } = await deliverRound(rows, dependencies);
    delivered += positions.length;
    if (positions.length === 0 && !turn?.wasAsked()) return delivered;
    if (await isOver(drain, positions)) return delivered;
    turn?.beginLook();
    rows = await dependencies.lease(both, positions);
  }
}

type Drain<Event> = { readonly dependencies: DrainDependencies<Event>; readonly endsAt: EpochMs };

type Round = RoundOutcome & { readonly rows: number };

/** How one lane goes on by itself. */
type Lane = {
  readonly placesAfter: (round: Round) => Places;
  /** Whether to look again after a look that found nothing. */
  readonly wasAsked: () => boolean;
};

const promptLane: Lane = {
  placesAfter: () => ({ prompt: drainLimits.rowsPerRound, bulk: 0 }),
  wasAsked: () => false,
};

function bulkLane(turn: BulkTurn): Lane {
  let size: number = drainLimits.rowsPerRound;
  return {
    placesAfter: (round) => {
      size = nextRoundSize(size, round);
      turn.beginLook();
      return { prompt: 0, bulk: size };
    },
    wasAsked: turn.wasAsked,
  };
}

/** Twice as many while rounds are full, as long as they do not move too much at once. */
export function nextRoundSize(size: number, { rows, bytes }: { rows: number; bytes: number }): number {
  const { bulkRowsMax, bulkBytesMax } = drainLimits;
  const wanted = rows < size ? size : Math.min(bulkRowsMax, size * 2);
  const fitting = bytes === 0 ? wanted : Math.floor((bulkBytesMax * rows) / bytes);
  return Math.max(1, Math.min(wanted, fitting));
}

async function drainLane<Event>(
  first: readonly OutboxRow<Event>[],
  lane: Lane,
  drain: Drain<Event>,
): Promise<number> {
  const { dependencies } = drain;
  let rows = first;
  let delivered = 0;
  for (;;) {
    const outcome = await deliverRound(rows, dependencies);
    const { positions } = outcome;
    delivered += positions.length;
    if (positions.length === 0 && !lane.wasAsked()) return delivered;
    if (await isOver(drain, positions)) return delivered;
    rows = await dependencies.lease(lane.placesAfter({ ...outcome, rows: rows.length }), positions);
  }
}

/** Where the time is up, marks what was delivered and leaves the rest to another drain. */
async function isOver<Event>(
  { dependencies, endsAt }: Drain<Event>,
  delivered: readonly number[],
): Promise<boolean> {
  if (dependencies.now() < endsAt) return false;
  await dependencies.lease({ prompt: 0, bulk: 0 }, delivered);
  await dependencies.wakeAgain();
  return true;
}
