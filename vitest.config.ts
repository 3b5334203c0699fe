import { availableParallelism } from "node:os";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { settingsOfWorkerTests } from "./tests/durable-objects/worker-settings.ts";

const cores = Math.max(availableParallelism(), 2);

/** What is awaited without a word about how long: a second, the default, is short on a machine with other things to do. */
const patience = { expect: { poll: { timeout: 25_000 } } };

/** Groups run one after the other, since a real stack wants both cores for itself. */
const pure = {
  ...patience,
  sequence: { groupOrder: 0 },
  maxWorkers: cores,
  // What takes a second may take a minute on a machine that has other things to do.
  testTimeout: 60_000,
  hookTimeout: 60_000,
};
/**
 * Tests of running stacks share two cores with a dozen processes; one among thousands whose patience ends on a machine
 * that stood still refuses a change that it has nothing to do with. Before a change lands each may try once more, and
 * `.ci/summarise.mjs` names those that did, for each is a fault of the test or of the shop; at a desk none may.
 */
const retry = process.env["CI"] === "true" ? 1 : 0;

/** One more than there are cores: its tests often wait for what the stack does in its own time. */
const sharedStack = {
  ...patience,
  sequence: { groupOrder: 1 },
  maxWorkers: cores + 1,
  retry,
  testTimeout: 120_000,
  hookTimeout: 60_000,
};
const ownStacks = {
  ...patience,
  sequence: { groupOrder: 2 },
  maxWorkers: Math.max(Math.floor(cores / 2), 2),
  retry,
};

export default defineConfig({
  test: {
    silent: "passed-only",
    projects: [
      {
        test: {
          ...pure,
          name: "unit",
          include: ["tests/{core,events,features-rules,simulation}/**/*.test.ts", "tests/*.test.ts"],
        },
      },
      {
        test: {
          ...pure,
          name: "local",
          include: ["tests/local/**/*.test.ts"],
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: settingsOfWorkerTests },
          }),
        ],
        test: {
          ...pure,
          name: "workers",
          include: ["tests/durable-objects/**/*.test.ts"],
          deps: {
            optimizer: {
              ssr: { enabled: true, include: ["stripe", "meilisearch", "toucan-js", "partyserver"] },
            },
          },
        },
      },
      {
        test: {
          ...sharedStack,
          name: "stack",
          include: ["tests/{features,search-sync,contract}/**/*.test.ts"],
          // Nothing stays behind in the modules of these tests but clients of the stack, which serve the next file, too.
          isolate: false,
          globalSetup: ["tests/start-shared-stack.ts"],
        },
      },
      {
        test: {
          ...ownStacks,
          name: "end-to-end",
          include: ["tests/end-to-end/**/*.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
