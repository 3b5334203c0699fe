import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { projectFolder, readRelease } from "../project.ts";
import { explainAndExit, say } from "../terminal.ts";
import { readOptions, USAGE, type BenchOptions } from "./bench-options.ts";
import { startBenchStack, type BenchStack } from "./bench-stack.ts";
import { createScratchTable, startBareChain } from "./bare-chain.ts";
import { startCeiling } from "./ceiling.ts";
import { countCalls, type WatchedShop } from "./count-calls.ts";
import { fillShop, untilCachesAreUsed } from "./fill-shop.ts";
import { measureCell, type Cell, type Setting } from "./measure.ts";
import type { BareChain } from "./measure-chain.ts";
import { profileOperation } from "./measure-profile.ts";
import { CHAIN, isChosen, operationsNamed, operationsOf, type Operation } from "./operations.ts";
import { readMemoryBytes } from "./process-usage.ts";
import { describeReport, type Report } from "./report.ts";
import { traceOperation } from "./trace-calls.ts";

/** `npm run bench`: what each operation of the shop costs on this machine, beside what workerd alone costs. */

const COLD_STARTS = 3;
/** Enough that buyers who come at once rarely want the same. */
const WATCHED_PRODUCTS_MAX = 300;
/** Constant answers vary less than a shop's. */
const CEILING_SHARE = 0.4;

/** What Ctrl-C finds to be stopped. */
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interrupted.abort());

await run(process.argv.slice(2)).then(() => process.exit(), explainAndExit);

async function run(words: readonly string[]): Promise<void> {
  const options = readOptions(words);
  if (options === undefined) {
    console.log(USAGE);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "tradewind-bench-"));
  try {
    if (options.profile) return await printProfiles(options, folder);
    if (options.calls) return await printCalls(options, folder);
    const report = await bench(options, folder);
    const file = await keepReport(report);
    console.log(`\n${describeReport(report)}\n\n${file}`);
    if (report.cells.some(({ failures }) => failures > 0)) process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function bench(options: BenchOptions, folder: string): Promise<Report> {
  const loadAverageBefore = currentLoad();
  const counts = await countCallsOfChain(options, join(folder, "watched"));
  say("bench", "starting the services and the shop");
  const stack = await startBenchStack(join(folder, "stack"));
  try {
    const coldStartMs = [stack.workerd.coldStartMs, ...(await startMore(stack))];
    const atRest = await readMemoryBytes(stack.workerd.pid);
    const cells = await measureAll({ stack, options, folder, counts });
    const { bundle } = stack;
    return {
      madeAt: new Date().toISOString(),
      release: await readRelease(),
      machine: {
        processors: cpus().length,
        model: cpus()[0]?.model ?? "unknown processor",
        loadAverageBefore,
        loadAverageAfter: currentLoad(),
      },
      products: options.products,
      secondsPerCell: options.seconds,
      bundle: { bytes: bundle.length, gzipBytes: gzipSync(bundle).length },
      coldStartMs,
      memoryBytes: { atRest, underLoadMax: most(cells.map((cell) => cell.memoryBytesMax)) },
      cells,
    };
  } finally {
    await stack.stop();
  }
}

/** Says as it goes what each operation spends the Worker's time on. */
async function printProfiles(
  { products, only, seconds, connections }: BenchOptions,
  folder: string,
): Promise<void> {
  say("bench", "starting the services and the shop");
  const stack = await startBenchStack(join(folder, "stack"), { inspect: true });
  try {
    say("bench", `importing ${products} products`);
    const assortment = await fillShop(stack, products, folder);
    await untilCachesAreUsed();
    const operations = operationsOf({ assortment, stripe: stack.addresses.services.stripe });
    for (const operation of operationsNamed(operations, only)) {
      for (const count of connections) {
        if (interrupted.signal.aborted) throw new Error("Interrupted.");
        console.log(`\n${await profileOperation(stack, operation, { seconds, connections: count })}`);
      }
    }
  } finally {
    await stack.stop();
  }
}

/** Says what one of each operation asks of every service. */
function printCalls(options: BenchOptions, folder: string): Promise<void> {
  return inWatchedShop(options, folder, async (shop, operations) => {
    for (const operation of operationsNamed(operations, options.only)) {
      if (interrupted.signal.aborted) throw new Error("Interrupted.");
      console.log(`\n${await traceOperation(shop, operation)}`);
    }
  });
}

/** Counted in a small shop apart: relays in front of the services would slow down the one that is measured. */
async function countCallsOfChain(options: BenchOptions, folder: string): Promise<BareChain["counts"]> {
  if (!isChosen(CHAIN, options.only)) return new Map();
  await mkdir(folder);
  const products = Math.min(options.products, WATCHED_PRODUCTS_MAX);
  return inWatchedShop({ products }, folder, async (shop, operations) => {
    const [chain] = operationsNamed(operations, [CHAIN]);
    if (chain === undefined) throw new Error(`There is no ${CHAIN}.`);
    say("bench", `counting the calls of a ${CHAIN}`);
    return countCalls(shop, chain, options.connections);
  });
}

async function inWatchedShop<Result>(
  { products }: Pick<BenchOptions, "products">,
  folder: string,
  work: (shop: WatchedShop, operations: readonly Operation[]) => Promise<Result>,
): Promise<Result> {
  say("bench", "starting the services and the shop, watched");
  const stack = await startBenchStack(join(folder, "stack"), { watch: true });
  try {
    if (stack.calls === undefined) throw new Error("The services are not watched.");
    say("bench", `importing ${products} products`);
    const assortment = await fillShop(stack, products, folder);
    const { stripe } = stack.addresses.services;
    return await work({ stack, calls: stack.calls }, operationsOf({ assortment, stripe }));
  } finally {
    await stack.stop();
  }
}

async function startMore(stack: BenchStack): Promise<number[]> {
  const coldStarts: number[] = [];
  while (coldStarts.length < COLD_STARTS - 1) {
    const another = await stack.startAnother();
    coldStarts.push(another.coldStartMs);
    await another.stop();
  }
  return coldStarts;
}

type Measuring = {
  stack: BenchStack;
  options: BenchOptions;
  folder: string;
  counts: BareChain["counts"];
};

async function measureAll({ stack, options, folder, counts }: Measuring): Promise<Cell[]> {
  say("bench", `importing ${options.products} products`);
  const assortment = await fillShop(stack, options.products, folder);
  await untilCachesAreUsed();
  const operations = operationsOf({ assortment, stripe: stack.addresses.services.stripe });
  const { compatibilityDate, settings } = stack;
  const ceiling = await startCeiling({ folder: join(folder, "ceiling"), compatibilityDate });
  try {
    await createScratchTable(stack.addresses.services.postgres);
    const workerd = await startBareChain({ folder: join(folder, "chain"), compatibilityDate, settings });
    try {
      const { seconds } = options;
      const chain = { workerd, counts, skus: assortment.variantIds.length };
      const setting = { stack, ceiling, seconds, ceilingSeconds: seconds * CEILING_SHARE, chain };
      return await measureEach(setting, operationsNamed(operations, options.only), options.connections);
    } finally {
      await workerd.stop();
    }
  } finally {
    await ceiling.stop();
  }
}

async function measureEach(
  setting: Setting,
  operations: readonly Operation[],
  connections: readonly number[],
): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const operation of operations) {
    for (const count of connections) {
      if (interrupted.signal.aborted) throw new Error("Interrupted.");
      const cell = await measureCell(setting, operation, count);
      say("bench", `${operation.name} at ${count}: ${cell.operationsPerSecond.toFixed(1)} per second`);
      cells.push(cell);
    }
  }
  return cells;
}

async function keepReport(report: Report): Promise<string> {
  const folder = join(projectFolder, ".local");
  await mkdir(folder, { recursive: true });
  const file = join(folder, "bench.json");
  await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`);
  return file;
}

function currentLoad(): number {
  return loadavg()[0] ?? 0;
}

function most(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
