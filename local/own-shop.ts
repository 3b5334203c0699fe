import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seedAccounts } from "./seed.ts";
import { openStack, type Stack } from "./stack.ts";
import { readStackSettings } from "./stack-settings.ts";

/** Limits per network address would turn a crowd away that comes from a single one. */
const WORKER_SETTINGS = { RATE_LIMIT_SCALE: "100000", PASSWORD_SCRYPT_PARALLELISM: "1" };

export type OwnShop = { stack: Stack; adminToken: string; end: () => Promise<void> };

/** A shop of its own on free ports, with nothing in it. Ending it removes its state. */
export async function openOwnShop(log: (line: string) => void): Promise<OwnShop> {
  const stateFolder = await mkdtemp(join(tmpdir(), "tradewind-own-shop-"));
  const settings = { ...readStackSettings(process.env), apiPort: 0, servicesPort: 0, stateFolder };
  const stack = await openStack(
    { ...settings, sweepIntervalMs: 1_000, workerSettings: WORKER_SETTINGS },
    { log: () => undefined, onDeath: (part, how) => log(`${part} ended by itself (${how})`) },
  );
  const end = async (): Promise<void> => {
    await stack.stop();
    await rm(stateFolder, { recursive: true, force: true });
  };
  try {
    await stack.startServices();
    await stack.startWorker("worker");
    const { api, services } = stack.addresses;
    const adminToken = await seedAccounts({ api, databaseUrl: services.postgres });
    return { stack, adminToken, end };
  } catch (fault) {
    await end();
    throw fault;
  }
}
