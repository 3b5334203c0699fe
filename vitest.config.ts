import { availableParallelism } from "node:os";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { settingsOfWorkerTests } from "./tests/durable-objects/worker-settings.ts";

const cores = Math.max(availableParallelism(), 2);

/** Groups run one after the other, since a real stack wants both cores for itself. */
const pure = { sequence: { groupOrder: 0 }, maxWorkers: cores };
/** One more than there are cores: its tests often wait for what the stack does in its own time. */
const sharedStack = { sequence: { groupOrder: 1 }, maxWorkers: cores + 1 };
const ownStacks = { sequence: { groupOrder: 2 }, maxWorkers: Math.max(Math.floor(cores / 2), 2) };

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
          testTimeout: 30_000,
          hookTimeout: 60_000,
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
          globalSetup: ["tests/start-shared-stack.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
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
