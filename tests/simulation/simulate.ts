import { parseArgs } from "node:util";
import { availableParallelism } from "node:os";
import { runHistory } from "./history.ts";
import { mutants } from "./mutants/all.ts";
import { hunt } from "./mutants/hunt.ts";
import { startThread } from "./thread.ts";

const seedsPerAssignment = 100;
const traceLinesMax = 5_000;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    mutants: { type: "boolean", default: false },
    /** Part of the name of the mutants that are planted; all without it. */
    only: { type: "string", default: "" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const threads = Number(values.threads);

if (values.seed !== undefined) process.exitCode = await showHistory(Number(values.seed));
else if (values.mutants) process.exitCode = await huntAll();
else process.exitCode = await runMany(Number(values.from), Number(values.seeds));

/** Tells one history line by line. */
async function showHistory(seed: number): Promise<number> {
  const lines: string[] = [];
  const { violation, events } = await runHistory(seed, (line) => lines.push(line));
  console.log(lines.slice(-traceLinesMax).join("\n"));
  console.log(`seed ${seed}: ${events} events, ${violation ? violation.message : "no violation"}`);
  return violation ? 1 : 0;
}

/** Lives many histories on all threads; the first violation ends it and is told. */
async function runMany(from: number, count: number): Promise<number> {
  const started = performance.now();
  let next = from;
  let histories = 0;
  let events = 0;
  let failed: number | undefined;
  const report = () => {
    const rate = histories / ((performance.now() - started) / 1000);
    return `${histories} of ${count} histories, ${Math.round(rate)} a second, ${events} events`;
  };
  const ticker = setInterval(() => process.stderr.write(`\r${report()}  `), 1000);
  const work = async () => {
    const thread = startThread(undefined);
    while (next < from + count && failed === undefined) {
      const assignment = { from: next, count: Math.min(seedsPerAssignment, from + count - next) };
      next += assignment.count;
      const progress = await thread.run(assignment);
      histories += progress.histories;
      events += progress.events;
      failed ??= progress.violation?.seed;
    }
    await thread.end();
  };
  await Promise.all(Array.from({ length: threads }, work));
  clearInterval(ticker);
  console.log(`\n${report()}, ${failed === undefined ? "no violation" : `seed ${failed} fails`}`);
  return failed === undefined ? 0 : showHistory(failed);
}

/** Plants every mutant in turn and says which the simulator catches within so many seeds. */
async function huntAll(): Promise<number> {
  const planted = mutants.filter(({ name }) => name.includes(values.only));
  const waiting = [...planted];
  let caught = 0;
  const survivors: string[] = [];
  const work = async () => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const catchOf = await hunt(mutant, Number(values.seeds));
      if (catchOf === undefined) survivors.push(mutant.name);
      else caught += 1;
      const told = catchOf ? `seed ${catchOf.seed}: ${catchOf.invariant}` : "SURVIVES";
      console.log(`${mutant.name.padEnd(64)} ${told}`);
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  const share = ((100 * caught) / planted.length).toFixed(1);
  console.log(
    `${caught} of ${planted.length} mutants are caught (${share} %) within ${values.seeds} histories each`,
  );
  if (survivors.length > 0) console.log(`survivors: ${survivors.join("; ")}`);
  return survivors.length === 0 ? 0 : 1;
}
