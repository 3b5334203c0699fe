import { percentile, type LoadOutcome } from "./load.ts";
import { type Roots, readCpuMs } from "./process-usage.ts";

/** Of processor time per operation, in milliseconds; without /proc nothing is known of it. */
export type CpuMs = {
  application: number;
  database: number;
  rest: number;
  byService: Record<string, number>;
};

export type Figures = {
  operationsPerSecond: number;
  requestsPerOperation: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  generatorBusy: number;
};

export function figuresOf({
  operations,
  requests,
  failures,
  seconds,
  latenciesMs,
  generatorBusy,
}: LoadOutcome): Figures {
  return {
    operationsPerSecond: operations / seconds,
    requestsPerOperation: requests / (operations + failures),
    p50Ms: percentile(latenciesMs, 0.5),
    p95Ms: percentile(latenciesMs, 0.95),
    p99Ms: percentile(latenciesMs, 0.99),
    generatorBusy,
  };
}

/** What the processes have used since a former reading, for each of the operations that were made meanwhile. */
export async function cpuSince(
  roots: Roots,
  { before, operations }: { before: Record<string, number>; operations: number },
): Promise<CpuMs | undefined> {
  const used = Object.entries(await readCpuMs(roots));
  if (used.length === 0) return undefined;
  const byService = Object.fromEntries(
    used.map(([name, cpuMs]) => [name, (cpuMs - (before[name] ?? 0)) / operations]),
  );
  const { worker: application = 0, postgres: database = 0, ...others } = byService;
  const rest = Object.values(others).reduce((sum, cpuMs) => sum + cpuMs, 0);
  return { application, database, rest, byService };
}
