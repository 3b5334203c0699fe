import { afterAll, beforeAll, expect, test } from "vitest";
import { type OwnStack, startOwnStack } from "../own-stack.ts";
import { runSync } from "./sync-runs.ts";

/** `SYNC_RUNS=100` lives as many as the proof asks for; each takes a few seconds. */
const runs = Number(process.env["SYNC_RUNS"] ?? 3);
const seed = Number(process.env["SYNC_SEED"] ?? 1);
const runSeconds = 200;

let stack: OwnStack;

beforeAll(async () => {
  stack = await startOwnStack();
});

afterAll(() => stack.end());

test(
  "the index is as the catalogue whoever died, and no comparison was needed for that",
  async () => {
    const report = await runSync(stack, { seed, runs }, (line) => console.log(line));
    console.log(JSON.stringify(report, undefined, 2));
    expect(report.faults).toEqual([]);
    expect(report.drift).toBe(0);
    expect(report.writes).toBeGreaterThan(runs);
    expect(report.repaired).toBe(0);
  },
  runs * runSeconds * 1_000,
);
