import { setTimeout as sleep } from "node:timers/promises";
import type { BareWorkerd } from "./bare-workerd.ts";
import type { BenchStack } from "./bench-stack.ts";
import { repeatAsObjectWrites, repeatShapes } from "./ceiling.ts";
import { untilAllIsDone, untilEventsAreHandled } from "./fill-shop.ts";
import { type CpuMs, cpuSince, type Figures, figuresOf } from "./figures.ts";
import { applyLoad, type LoadOutcome, type Performer } from "./load.ts";
import { type BareChain, type ChainFigures, measureChain } from "./measure-chain.ts";
import { type CommitFigures, measureCommits } from "./measure-commits.ts";
import { CHAIN, type Operation, prepare } from "./operations.ts";
import { readCpuMs, readMemoryBytes } from "./process-usage.ts";

const WARM_UP_SECONDS = 1;
const MEMORY_POLL_MS = 250;

/** One operation at one number of connections, and beside it workerd's own limit for as many bytes. */
export type Cell = Figures & {
  operation: string;
  connections: number;
  operations: number;
  failures: number;
  faults: string[];
  cpuMs: CpuMs | undefined;
  memoryBytesMax: number | undefined;
  ceiling: CeilingFigures;
  /** Of a read: its rate as a share of the ceiling's. */
  shareOfCeiling: number | undefined;
  /** Of an operation that writes one object: what a bare object's write of as many bytes costs. */
  objectWrite: (CeilingFigures & { shareReached: number }) | undefined;
  /** Of an operation that writes: its commits, and the share of the disk's own rate that they come to. */
  commits: (CommitFigures & { shareOfDisk: number }) | undefined;
  /** Of an operation whose calls were counted: what as many bare ones cost, with as many commits. */
  chain: (ChainFigures & { shareReached: number }) | undefined;
};

type CeilingFigures = Figures & { cpuMs: number | undefined };

export type Setting = {
  stack: BenchStack;
  ceiling: BareWorkerd;
  seconds: number;
  ceilingSeconds: number;

  chain: BareChain;
};

export async function measureCell(
  setting: Setting,
  operation: Operation,
  connections: number,
): Promise<Cell> {
  const { stack, seconds } = setting;
  const load = { origin: stack.addresses.api, connections, performer: operation.performer };
  await prepare(operation, load.origin);
  await applyLoad({ ...load, seconds: WARM_UP_SECONDS });
  await untilEventsAreHandled(stack);
  const roots = await stack.roots();
  const before = await readCpuMs(roots);
  const memory = watchMemory(stack.workerd.pid);
  const outcome = await applyLoad({ ...load, seconds });
  const memoryBytesMax = await memory.stop();
  await (operation.reads ? untilEventsAreHandled : untilAllIsDone)(stack);
  const cpuMs = await cpuSince(roots, { before, operations: outcome.operations });
  const figures = figuresOf(outcome);
  const limit = await measureCeiling(setting, repeatShapes(outcome.shapes), connections);
  const rate = figures.operationsPerSecond;
  const commits = await measureShareOfDisk(stack, operation, { connections, rate });
  return {
    operation: operation.name,
    connections,
    operations: outcome.operations,
    failures: outcome.failures,
    faults: outcome.faults,
    ...figures,
    cpuMs,
    memoryBytesMax,
    ceiling: limit,
    shareOfCeiling: operation.reads ? rate / limit.operationsPerSecond : undefined,
    objectWrite: await measureObjectWrite(setting, operation, { outcome, connections }),
    commits,
    chain: await measureShareOfChain(setting, operation, { outcome, connections, commits }),
  };
}

async function measureShareOfChain(
  { stack, chain, seconds }: Setting,
  { name }: Operation,
  { outcome, connections, commits }: { outcome: LoadOutcome; connections: number; commits: Cell["commits"] },
): Promise<Cell["chain"]> {
  const calls = name === CHAIN ? chain.counts.get(connections) : undefined;
  if (calls === undefined || commits === undefined) return undefined;
  const { shapes, operations } = outcome;
  const made = { shapes, connections, calls, objectCommits: commits.byObject, skus: chain.skus };
  const figures = await measureChain({ stack, chain, seconds }, made);
  return { ...figures, shareReached: operations / outcome.seconds / figures.operationsPerSecond };
}

async function measureShareOfDisk(
  stack: BenchStack,
  operation: Operation,
  { connections, rate }: { connections: number; rate: number },
): Promise<Cell["commits"]> {
  if (operation.reads) return undefined;
  const commits = await measureCommits(stack, operation, connections);
  const { postgres, objects, bareCommitsPerSecond } = commits;
  return { ...commits, shareOfDisk: ((postgres + objects) * rate) / bareCommitsPerSecond };
}

async function measureObjectWrite(
  setting: Setting,
  { writesPerObject }: Operation,
  { outcome, connections }: { outcome: LoadOutcome; connections: number },
): Promise<Cell["objectWrite"]> {
  if (writesPerObject === undefined) return undefined;
  const performer = repeatAsObjectWrites(outcome.shapes, writesPerObject);
  await applyLoad({ origin: setting.ceiling.url, connections, seconds: WARM_UP_SECONDS, performer });
  const figures = await measureCeiling(setting, performer, connections);
  return {
    ...figures,
    shareReached: outcome.operations / outcome.seconds / figures.operationsPerSecond,
  };
}

async function measureCeiling(
  { ceiling, ceilingSeconds }: Setting,
  performer: Performer,
  connections: number,
): Promise<CeilingFigures> {
  const roots = { worker: ceiling.pid };
  const before = await readCpuMs(roots);
  const outcome = await applyLoad({ origin: ceiling.url, connections, seconds: ceilingSeconds, performer });
  const { worker } = await readCpuMs(roots);
  const cpuMs = worker === undefined ? undefined : (worker - (before["worker"] ?? 0)) / outcome.operations;
  return { ...figuresOf(outcome), cpuMs };
}

/** Looks at a process' memory now and then, until stopped; resolves to the most that was seen. */
function watchMemory(pid: number): { stop: () => Promise<number | undefined> } {
  const stopping = new AbortController();
  const watch = async (): Promise<number | undefined> => {
    let most = await readMemoryBytes(pid);
    while (!stopping.signal.aborted) {
      await sleep(MEMORY_POLL_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      const now = await readMemoryBytes(pid);
      if (now !== undefined) most = Math.max(most ?? 0, now);
    }
    return most;
  };
  const watched = watch();
  return {
    stop: () => {
      stopping.abort();
      return watched;
    },
  };
}
