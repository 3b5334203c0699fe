import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectFolder } from "#local/project";

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
  ["partitions.ts", "", nowhere, "npm run partitions -- retire 2025-03"],
  ["partitions.ts", "gather", nowhere, 'There is no "gather"'],
  ["partitions.ts", "retire", nowhere, "Which month?"],
  ["partitions.ts", "retire 2025-13", nowhere, '"2025-13" is none'],
  ["partitions.ts", "retire 2025-03 2025-04", nowhere, '"2025-04" means nothing here'],
  ["partitions.ts", "make --at east", west, 'There is no database "east"; there are home, west'],
  ["partitions.ts", "make --at", west, "Name the database; there are home, west"],
  ["partitions.ts", "list", { DATABASE_URL: "shop" }, "npm run partitions -- list"],
  ["partitions.ts", "list", { ...nowhere, ORDER_DATABASES: "west" }, "ORDER_DATABASES is not JSON such as"],
  ["partitions.ts", "list", nowhere, "The database home cannot be reached"],
  ["partitions.ts", "list", nowhere, "start the shop with npm start"],
  ["shards.ts", "", nowhere, "npm run shards -- status"],
  ["shards.ts", "status", {}, "npm run shards -- status"],
  ["shards.ts", "move 0-9 --at west", west, "npm run shards -- move 512-767 --to west"],
  ["shards.ts", "move 9-0 --to west", west, '"9-0" is no such range'],
  ["shards.ts", "move 0-9 --to east", west, 'There is no database "east"; there are home, west'],
  ["shards.ts", "status", west, "start the shop with npm start"],
  ["migrate-database.ts", "", {}, "npm run migrate"],
] as const)("%s %s says what was wrong and what to do", async (program, words, environment, refusal) => {
  const { status, said } = await run(program, words.split(" ").filter(Boolean), environment);
  expect(said).toContain(refusal);
  expect(said).not.toMatch(/^\s+at /m);
  expect(status).toBe(1);
});
