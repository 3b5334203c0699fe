import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runHistory } from "./history.ts";
import { mutants } from "./mutants/all.ts";
import { hunt } from "./mutants/hunt.ts";

const historiesInTest = 250;
/** A share of the mutants that the whole simulation catches; `npm run simulate -- --mutants` plants them all. */
const plantedInTest = [
  "one unit more is held than there is",
  "an order ends although it was paid",
  "money is captured before stock is committed",
  "refunds under way do not count as given",
  "every report of a dispute is recorded",
  "a failed handler's event counts as delivered",
];

async function violationsFrom(seed: number): Promise<string[]> {
  const violations: string[] = [];
  for (let at = seed; at < seed + historiesInTest; at++) {
    const { violation } = await runHistory(at);
    if (violation) violations.push(`npm run simulate -- --seed ${at}: ${violation.message}`);
  }
  return violations;
}

test("the same histories as always keep every promise", { timeout: 60_000 }, async () => {
  expect(await violationsFrom(1)).toEqual([]);
});

test("histories that nobody has seen keep every promise", { timeout: 60_000 }, async () => {
  const seed = Math.floor(Math.random() * 2 ** 40);
  console.log(`histories ${seed} to ${seed + historiesInTest - 1}`);
  expect(await violationsFrom(seed)).toEqual([]);
});

test("the same seed is the same history, event by event", async () => {
  const tell = async () => {
    const lines: string[] = [];
    await runHistory(7, (line) => lines.push(line));
    return lines;
  };
  expect(await tell()).toEqual(await tell());
});

test("every mutant has its place in the code, once", () => {
  const misplaced = mutants.filter(({ file, search }) => {
    const source = readFileSync(join(import.meta.dirname, "../..", file), "utf8");
    return source.split(search).length !== 2;
  });
  expect(misplaced.map(({ name }) => name)).toEqual([]);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});

test.each(plantedInTest)("the simulation catches it when %s", { timeout: 60_000 }, async (name) => {
  const mutant = mutants.find((each) => each.name === name);
  expect(mutant && (await hunt(mutant, 500))).toMatchObject({ seed: expect.any(Number) });
});
