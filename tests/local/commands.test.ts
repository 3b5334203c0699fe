import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readMonthsTask } from "#local/months/read-task";
import { projectFolder } from "#local/project";
import { readHomes } from "#local/shards/read-homes";

/** Runs a program of `npm run` as a person does, with nothing set but this. */
function run(program: string, words: readonly string[], environment: Record<string, string> = {}) {
  const file = join(projectFolder, "local", program);
  const flags = ["--disable-warning=ExperimentalWarning", file, ...words];
  return new Promise<{ status: number; said: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      flags,
      { env: { PATH: process.env["PATH"], ...environment } },
      (_, stdout, stderr) => resolve({ status: child.exitCode ?? -1, said: stdout + stderr }),
    );
  });
}

const nowhere = { DATABASE_URL: "postgresql://nobody@127.0.0.1:1/shop" };
const west = {
  ...nowhere,
  ORDER_DATABASES: '[{"name":"west","url":"postgresql://nobody@127.0.0.1:1/west"}]',
};

test.each([
  ["partitions.ts", "gather", nowhere, 'There is no "gather"'],
  ["partitions.ts", "list", { DATABASE_URL: "shop" }, "npm run partitions -- list"],
  ["partitions.ts", "list", { ...nowhere, ORDER_DATABASES: "west" }, "ORDER_DATABASES is not JSON such as"],
  ["partitions.ts", "list", nowhere, "start the shop with npm start"],
  ["shards.ts", "status", {}, "npm run shards -- status"],
  ["shards.ts", "move 0-9 --at west", west, "npm run shards -- move 512-767 --to west"],
  ["shards.ts", "move 9-0 --to west", west, '"9-0" is no such range'],
  ["shards.ts", "move 0-9 --to east", west, 'There is no database "east"; there are home, west'],
  ["migrate-database.ts", "", {}, "npm run migrate"],
] as const)("%s %s says what was wrong and what to do", async (program, words, environment, refusal) => {
  const { status, said } = await run(program, words.split(" ").filter(Boolean), environment);
  expect(said).toContain(refusal);
  expect(said).not.toMatch(/^\s+at /m);
  expect(status).toBe(1);
});

test.each([
  ["", "npm run partitions -- retire 2025-03"],
  ["retire", "Which month?"],
  ["retire 2025-13", '"2025-13" is none'],
  ["retire 2025-03 2025-04", '"2025-04" means nothing here'],
  ["list 2025-03", '"2025-03" means nothing here'],
  ["make --at east", 'There is no database "east"; there are home, west'],
  ["make --at", "Name the database; there are home, west"],
])("`partitions %s` is refused before any database is asked", (words, refusal) => {
  const homes = readHomes(west, "partitions");
  expect(() => readMonthsTask(words.split(" ").filter(Boolean), homes)).toThrow(refusal);
});
