import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PartListener } from "#local/part-group";
import { findMeilisearch } from "#local/search/start-search";
import { seedAccounts } from "#local/seed";
import { openStack, type Stack } from "#local/stack";
import type { Addresses } from "#local/stack-plan";
import { readStackSettings } from "#local/stack-settings";

/** `TEST_SWEEP_MS=50` looks for tests that hold only as long as no sweep comes between. */
const sweepIntervalMs = Number(process.env["TEST_SWEEP_MS"] ?? 1000);

/** Hashing passwords and limiting callers as in production would dominate the tests. */
const WORKER_SETTINGS = { PASSWORD_SCRYPT_PARALLELISM: "1", RATE_LIMIT_SCALE: "100000" };

export type OwnStack = Pick<Stack, "addresses" | "kill" | "restart" | "deploy"> & {
  /** Where each part keeps its state, in a folder of its name. */
  stateFolder: string;
  /** Stops everything and removes the state. */
  end: () => Promise<void>;
};

/** Leads the Worker to other addresses than the services' own, for example to a gate before one of them. */
export type Detour = {
  workerSettings: Record<string, string>;
  /** Told where the services are, before any of them starts. */
  leadTo: (services: Addresses["services"]) => void;
  /** Makes what the Worker needs, once the services are there. */
  prepare?: (services: Addresses["services"]) => Promise<void>;
};

/**
 * Tests run against the built-in engine, whatever the machine has: some have it fail. `TEST_SEARCH=meilisearch` takes the
 * server that MEILISEARCH_URL or the PATH names, to see that the two agree.
 */
function searchEnvironmentOf(usual: Record<string, string>): Record<string, string> {
  if (process.env["TEST_SEARCH"] !== "meilisearch") return {};
  if (findMeilisearch(usual).kind === "built-in")
    throw new Error(
      "TEST_SEARCH=meilisearch: put a meilisearch on the PATH, or name one by MEILISEARCH_URL.",
    );
  return usual;
}

/** A whole stack on free ports with its state in a fresh folder, with the demo accounts and no products. */
export async function startOwnStack(detour?: Detour): Promise<OwnStack> {
  const stateFolder = await mkdtemp(join(tmpdir(), "tradewind-stack-"));
  const lines: string[] = [];
  const listener: PartListener = {
    log: (part, line) => lines.push(`${part}: ${line}`),
    onDeath: (part, how) => console.error(`${part} ended by itself (${how})\n${lines.join("\n")}`),
  };
  const usual = readStackSettings(process.env);
  const stack = await openStack(
    {
      ...usual,
      apiPort: 0,
      servicesPort: 0,
      stateFolder,
      sweepIntervalMs,
      searchEnvironment: searchEnvironmentOf(usual.searchEnvironment),
      workerSettings: { ...WORKER_SETTINGS, ...detour?.workerSettings },
    },
    listener,
  );
  detour?.leadTo(stack.addresses.services);
  const end = async (): Promise<void> => {
    await stack.stop();
    await rm(stateFolder, { recursive: true, force: true });
  };
  try {
    await stack.startServices();
    await detour?.prepare?.(stack.addresses.services);
    await stack.startWorker("worker");
    const { api, services } = stack.addresses;
    await seedAccounts({ api, databaseUrl: services.postgres });
  } catch (fault) {
    await end();
    throw new Error(`The stack of the tests did not start:\n${lines.join("\n")}`, { cause: fault });
  }
  const { addresses, kill, restart, deploy } = stack;
  return { addresses, kill, restart, deploy, stateFolder, end };
}
