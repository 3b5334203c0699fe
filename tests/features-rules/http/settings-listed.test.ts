import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectFolder } from "#local/project";
import { bindingNames } from "#platform/env";

test("wrangler.toml tells of every binding that the Worker reads", async () => {
  const configuration = await readFile(join(projectFolder, "wrangler.toml"), "utf8");
  const named = new Set(configuration.match(/\b[A-Z][A-Z_]+\b/g));
  expect(bindingNames.length).toBeGreaterThan(30);
  expect(bindingNames.filter((name) => !named.has(name))).toEqual([]);
});
