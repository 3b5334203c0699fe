import { performance } from "node:perf_hooks";
import { type Connection, type Exchange, openConnection } from "./connection.ts";

/** Shapes of operations that are kept, so that the ceiling can be asked for the same. */
const SHAPES_MAX = 1_000;
const FAULTS_SHOWN = 3;

/** One operation of a buyer, again and again on one connection. */
export type Performer = (connection: Connection) => () => Promise<void>;

export type Load = {
  origin: string;
  connections: number;
  seconds: number;
  performer: Performer;
};

export type LoadOutcome = {
  seconds: number;
  operations: number;
  requests: number;
  failures: number;
  faults: string[];
  /** Of each operation that succeeded, sorted. */
  latenciesMs: number[];
  /** Exchanges of operations that succeeded. */
  shapes: Exchange[][];
  /** How busy the thread of the load generator was: near 1, the generator is what was measured. */
  generatorBusy: number;
};

/** Closed loops: each connection begins its next operation when the last one is done, until the time is over. */
export async function applyLoad({ origin, connections, seconds, performer }: Load): Promise<LoadOutcome> {
  const open = Array.from({ length: connections }, () => openConnection(origin));
  const outcome = { operations: 0, requests: 0, failures: 0, faults: [], latenciesMs: [], shapes: [] };
  const tally: Tally = outcome;
  const busyBefore = performance.eventLoopUtilization();
  const startedAt = performance.now();
  try {
    const deadline = startedAt + seconds * 1000;
    await Promise.all(
      open.map((connection) => repeat({ connection, perform: performer(connection), deadline, tally })),
    );
  } finally {
    await Promise.all(open.map((connection) => connection.close()));
  }
  const elapsed = (performance.now() - startedAt) / 1000;
  tally.latenciesMs.sort((one, other) => one - other);
  return {
    ...tally,
    seconds: elapsed,
    generatorBusy: performance.eventLoopUtilization(busyBefore).utilization,
  };
}

type Tally = Omit<LoadOutcome, "seconds" | "generatorBusy">;
type Loop = { connection: Connection; perform: () => Promise<void>; deadline: number; tally: Tally };

async function repeat({ connection, perform, deadline, tally }: Loop): Promise<void> {
  while (performance.now() < deadline) {
    const startedAt = performance.now();
    try {
      await perform();
      tally.latenciesMs.push(performance.now() - startedAt);
      tally.operations += 1;
    } catch (fault) {
      tally.failures += 1;
      if (tally.faults.length < FAULTS_SHOWN) tally.faults.push(String(fault));
    }
    const shape = connection.takeExchanges();
    tally.requests += shape.length;
    if (tally.shapes.length < SHAPES_MAX) tally.shapes.push(shape);
  }
}

type Times = {
  origin: string;
  connections: number;
  performer: Performer;
  /** Each connection makes as many as it takes to come to so many together. */
  operationsMin: number;
};

/**
 * Makes about so many operations, however long they take.
 * @returns how many were made.
 * @throws the first fault.
 */
export async function performTimes({
  origin,
  connections,
  performer,
  operationsMin,
}: Times): Promise<number> {
  const open = Array.from({ length: connections }, () => openConnection(origin));
  const rounds = Math.ceil(operationsMin / connections);
  try {
    await Promise.all(
      open.map(async (connection) => {
        const perform = performer(connection);
        for (let round = 0; round < rounds; round += 1) await perform();
      }),
    );
    return rounds * connections;
  } finally {
    await Promise.all(open.map((connection) => connection.close()));
  }
}

/** @param share for example 0.99; of no latencies at all, NaN. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
