import type { CpuMs } from "./figures.ts";
import type { Cell } from "./measure.ts";

export type Report = {
  madeAt: string;
  release: string;
  machine: { processors: number; model: string; loadAverageBefore: number; loadAverageAfter: number };
  products: number;
  secondsPerCell: number;
  bundle: { bytes: number; gzipBytes: number };
  coldStartMs: number[];
  memoryBytes: { atRest: number | undefined; underLoadMax: number | undefined };
  cells: Cell[];
};

const HEADINGS = [
  ..."operation,conns,per second,p50 ms,p95 ms,p99 ms,failed".split(","),
  ..."CPU-ms app,database,rest".split(","),
  ..."ceiling/s,its p99,its CPU-ms,share %,gen %".split(","),
  ..."object write/s,its p99,its CPU-ms,reached %".split(","),
  ..."commits,of objects,disk's own/s,disk %".split(","),
];

/** The figures as a table for the terminal. */
export function describeReport(report: Report): string {
  const rows = report.cells.map(rowOf);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const inLine = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ");
  const faults = report.cells.flatMap(({ operation, connections, faults }) =>
    faults.map((fault) => `${operation} at ${connections}: ${fault}`),
  );
  return [
    describeSurroundings(report),
    "",
    inLine(HEADINGS),
    ...rows.map(inLine),
    "",
    "CPU-ms are per operation, until the events that it caused were handled; database is Postgres with its replica,",
    "rest the other local services. The ceiling is bare workerd with constant answers of the same sizes; of a checkout by",
    "bank transfer one that makes as many calls of the same services and as many commits, and whose CPU-ms are split in the",
    "same way. Share % is the rate beside it; gen % is how busy the load generator's thread was in the application's and",
    "in the ceiling's run: above 90, the generator is what limited the rate, and CPU-ms is what to compare. An object",
    "write is bare workerd with one row of a SQLite object, written and flushed before an answer of the same size; reached",
    "% is the rate of the operation beside it. Commits are flushes of Postgres' log and of objects with their alarms, per",
    "operation and all that follows from it; beside them is how many bare ones this disk makes from as many connections,",
    "and which share of these the measured rate needs; those of objects wait for one another, since workerd flushes on its",
    "one thread, and the first of an object is eight flushes, for its files and their folder.",
    ...report.cells.flatMap(describeChain),
    ...faults,
  ].join("\n");
}

function describeSurroundings(report: Report): string {
  const { machine, bundle, memoryBytes, coldStartMs } = report;
  return [
    `${report.release}, ${report.products} products, ${report.secondsPerCell} s a cell, ${report.madeAt}`,
    `${machine.processors} × ${machine.model}; load average ${figure(machine.loadAverageBefore)} before, ${figure(machine.loadAverageAfter)} after`,
    `bundle ${kibibytes(bundle.bytes)}, ${kibibytes(bundle.gzipBytes)} gzip; cold start ${coldStartMs.map((ms) => ms.toFixed(0)).join(", ")} ms to the first answer`,
    `memory of workerd ${mebibytes(memoryBytes.atRest)} at rest, at most ${mebibytes(memoryBytes.underLoadMax)} under load`,
  ].join("\n");
}

function rowOf(cell: Cell): string[] {
  const { ceiling, chain, cpuMs, objectWrite, commits } = cell;
  const limit = chain ?? ceiling;
  const share = cell.shareOfCeiling ?? chain?.shareReached;
  return [
    cell.requestsPerOperation > 1
      ? `${cell.operation} (${figure(cell.requestsPerOperation)} requests)`
      : cell.operation,
    String(cell.connections),
    ...[cell.operationsPerSecond, cell.p50Ms, cell.p95Ms, cell.p99Ms].map(figure),
    String(cell.failures),
    ...splitOf(cpuMs).map(figure),
    ...[limit.operationsPerSecond, limit.p99Ms].map(figure),
    chain === undefined ? figure(ceiling.cpuMs) : splitOf(chain.cpuMs).map(figure).join("+"),
    share === undefined ? figure(undefined) : percent(share),
    `${percent(cell.generatorBusy)}/${percent(limit.generatorBusy)}`,
    ...[objectWrite?.operationsPerSecond, objectWrite?.p99Ms, objectWrite?.cpuMs].map(figure),
    objectWrite === undefined ? figure(undefined) : percent(objectWrite.shareReached),
    ...[commits && commits.postgres + commits.objects, commits?.objects].map(figure),
    figure(commits?.bareCommitsPerSecond),
    commits === undefined ? figure(undefined) : percent(commits.shareOfDisk),
  ];
}

function splitOf(cpuMs: CpuMs | undefined): (number | undefined)[] {
  return [cpuMs?.application, cpuMs?.database, cpuMs?.rest];
}

/** How much of an operation is the price of its calls and commits, and how much is what the shop does between them. */
function describeChain({ operation, connections, cpuMs, chain }: Cell): string[] {
  if (chain?.cpuMs === undefined || cpuMs === undefined) return [];
  const { cpuMs: barely, partsPerSecond } = chain;
  const shareOf = (part: "application" | "database" | "rest"): string =>
    `${figure(barely[part])} of ${figure(cpuMs[part])} (${percent(barely[part] / cpuMs[part])} %)`;
  const calls = Object.entries(chain.calls).map(([kind, count]) => `${kind} ${figure(count)}`);
  const commits = Object.entries(chain.objectCommits).map(([name, count]) => `${name} ${figure(count)}`);
  return [
    "",
    `${operation} at ${connections}: its calls and commits made barely cost, in CPU-ms, ${shareOf("application")} in`,
    `workerd, ${shareOf("database")} in Postgres, ${shareOf("rest")} in the rest.`,
    `  ${figure(partsPerSecond.calls)} a second with its calls alone: ${calls.join(", ")}`,
    `  ${figure(partsPerSecond.objects)} a second with its objects alone, whose commits are ${commits.join(", ")}`,
  ];
}

/** Three significant digits at most, and nothing after the point of what is large. */
function figure(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function percent(share: number): string {
  return (share * 100).toFixed(0);
}

function kibibytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KiB`;
}

function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? "unknown" : `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
}
