import { setTimeout as sleep } from "node:timers/promises";
import type { BareWorkerd } from "./bare-workerd.ts";
import { repeatAsChain } from "./bare-chain.ts";
import type { BenchStack } from "./bench-stack.ts";
import type { Chain } from "./chain-work.ts";
import type { CallCounts } from "./count-calls.ts";
import { type CpuMs, cpuSince, type Figures, figuresOf } from "./figures.ts";
import { applyLoad, type LoadOutcome } from "./load.ts";
import { readCpuMs } from "./process-usage.ts";

const WARM_UP_SECONDS = 1;
/** What the queue delivers and search does afterwards is done by then. */
const SETTLED_MS = 1_500;
const PART_SECONDS = 1;
const NO_CALLS = { read: 0, write: 0, lazyWrite: 0, redis: 0, queue: 0, mail: 0, search: 0 };

/** The bare Worker that makes chains of calls, and the calls that the shop's chain was seen to make. */
export type BareChain = {
  workerd: BareWorkerd;
  /** By number of connections. */
  counts: ReadonlyMap<number, CallCounts>;
  skus: number;
};

/** What the calls and commits of one operation cost where nothing is done but to make them. */
export type ChainFigures = Figures &
  Chain & {
    cpuMs: CpuMs | undefined;
    /** Where only its calls are made, or only its objects opened and written. */
    partsPerSecond: { calls: number; objects: number };
  };

type Place = { stack: BenchStack; chain: BareChain; seconds: number };
type Made = Chain & { shapes: LoadOutcome["shapes"]; connections: number };

export async function measureChain(
  { stack, chain, seconds }: Place,
  { shapes, connections, ...made }: Made,
): Promise<ChainFigures> {
  const load = { origin: chain.workerd.url, connections, performer: repeatAsChain(shapes, made) };
  await applyLoad({ ...load, seconds: WARM_UP_SECONDS });
  await sleep(SETTLED_MS);
  const roots = { ...(await stack.roots()), worker: chain.workerd.pid };
  const before = await readCpuMs(roots);
  const outcome = await applyLoad({ ...load, seconds });
  await sleep(SETTLED_MS);
  const cpuMs = await cpuSince(roots, { before, operations: outcome.operations });
  const [fault] = outcome.faults;
  if (fault !== undefined) throw new Error(`A bare chain of calls failed: ${fault}`);
  const rateOf = async (part: Partial<Chain>): Promise<number> => {
    const performer = repeatAsChain(shapes, { ...made, ...part });
    const { operations, seconds: elapsed } = await applyLoad({ ...load, performer, seconds: PART_SECONDS });
    return operations / elapsed;
  };
  const partsPerSecond = {
    calls: await rateOf({ objectCommits: {} }),
    objects: await rateOf({ calls: NO_CALLS }),
  };
  return { ...figuresOf(outcome), ...made, cpuMs, partsPerSecond };
}
