import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const run = promisify(execFile);

const folders: string[] = [];
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
});

/** What is said at the end of a run of one file of tests, each of which may try twice. */
async function summaryOf(tests: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tradewind-attempts-"));
  folders.push(folder);
  await writeFile(join(folder, "some.test.js"), `let attempts = 0;\n${tests}`);
  const report = join(folder, "report.json");
  const words = [
    "run",
    "--root",
    folder,
    "--globals",
    "--retry=1",
    "--reporter=json",
    "--outputFile",
    report,
  ];
  await run(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), ...words], {
    cwd: folder,
    env: { PATH: process.env["PATH"] },
  }).catch((fault: unknown) => {
    // Tests that fail are what this is about; a run that made no report fails the summary.
    if (!(fault instanceof Error && "code" in fault && fault.code === 1)) throw fault;
  });
  const { stdout } = await run(process.execPath, [join(root, ".ci/summarise.mjs"), report], { cwd: folder });
  return stdout;
}

test("a test that passed only at the second attempt is named, with what was wrong at the first", async () => {
  const summary = await summaryOf(`
    describe("a group", () => {
      test("fails once", () => expect(++attempts, "attempts").toBe(2));
    });
    test("passes at once", () => {});
  `);
  expect(summary).toBe(
    "\n1 test passed only at the second attempt: some.test.js > a group > fails once" +
      " (AssertionError: attempts: expected 1 to be 2 // Object.is equality)\n" +
      "\n2 passed, 0 failed, 0 skipped\n",
  );
});

test("a test that failed twice has failed, and of tests that passed at once nothing is said", async () => {
  const summary = await summaryOf(`
    test("fails twice", () => expect(1).toBe(2));
    test("passes at once", () => {});
  `);
  expect(summary).toBe("\n1 passed, 1 failed, 0 skipped\n");
});
