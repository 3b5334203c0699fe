import { mkdtemp, readdir, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { explainAndExit } from "../terminal.ts";
import type { BareWorkerd } from "./bare-workerd.ts";
import { openConnection } from "./connection.ts";
import { startObjectWorker } from "./object-worker.ts";
import { readMemoryBytes } from "./process-usage.ts";

/**
 * `npm run bench:memory`: what workerd holds for each object that is open, for one that does nothing beside the shop's
 * own; whether it closes them all, and whether the next lot takes more. Linux only, for its /proc.
 */

const KINDS = ["Bare", "Cart", "Sku"] as const;
const LOTS = 3;
const CONNECTIONS = 64;
/** Workerd closes an object ten seconds after its last call. */
const CLOSED_MS_MAX = 60_000;
const POLL_MS = 500;

/** Stock has no Postgres to copy its journal to here. */
const WORKER = `
import { DurableObject } from "cloudflare:workers";
import { CartObject } from "#durable-objects/cart/object";
import { InventoryObject } from "#durable-objects/inventory/object";

export class Bare extends DurableObject {
  touch() {}
}
export class Cart extends CartObject {
  touch() {
    return this.add("a variant", 1, undefined);
  }
}
export class Sku extends InventoryObject {
  alarm() {}
  touch() {
    return this.reserve({ type: "reserve", id: crypto.randomUUID(), quantity: 1, holdMs: 3_600_000 }, 10);
  }
}

export default {
  async fetch(request, bindings) {
    const [, kind, name] = new URL(request.url).pathname.split("/");
    if (kind !== "ready") await bindings[kind].get(bindings[kind].idFromName(name)).touch();
    return new Response();
  },
};`;

const Options = z.object({ objects: z.coerce.number().int().positive().max(100_000).default(2_000) });

await run().then(() => process.exit(), explainAndExit);

async function run(): Promise<void> {
  if (process.platform !== "linux")
    throw new Error("Memory and open files are read from /proc: run it on Linux.");
  const { values } = parseArgs({ options: { objects: { type: "string" } } });
  const { objects } = Options.parse(values);
  console.log(`lots of ${objects} new objects; MiB of workerd\n`);
  console.log("object  lot   before  open at most    touched   kB each  still open   closed");
  for (const kind of KINDS) {
    const folder = await mkdtemp(join(tmpdir(), "tradewind-bench-memory-"));
    try {
      const workerd = await startObjectWorker({ folder, source: WORKER, classes: KINDS });
      try {
        for (let lot = 1; lot <= LOTS; lot += 1)
          console.log(await measureLot(workerd, { kind, lot, objects }));
      } finally {
        await workerd.stop();
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

type Lot = { kind: (typeof KINDS)[number]; lot: number; objects: number };

async function measureLot(workerd: BareWorkerd, { kind, lot, objects }: Lot): Promise<string> {
  const { pid } = workerd;
  const before = await memoryOf(pid);
  const openMost = await touchAll(workerd, { kind, lot, objects });
  const touched = await memoryOf(pid);
  const deadline = performance.now() + CLOSED_MS_MAX;
  while ((await countOpen(pid)) > 0 && performance.now() < deadline) await sleep(POLL_MS);
  const columns = [
    mebibytes(before).padStart(7),
    String(openMost).padStart(12),
    mebibytes(touched).padStart(9),
    (lot === 1 ? ((touched - before) / openMost / 1024).toFixed(0) : "").padStart(8),
    String(await countOpen(pid)).padStart(10),
    mebibytes(await memoryOf(pid)).padStart(7),
  ];
  return [kind.padEnd(6), String(lot).padStart(3), ...columns].join("  ");
}

/** @returns how many objects were seen open at once. */
async function touchAll({ pid, url }: BareWorkerd, { kind, lot, objects }: Lot): Promise<number> {
  const connections = Array.from({ length: CONNECTIONS }, () => openConnection(url));
  const names = Array.from({ length: objects }, (_, each) => `${lot}-${each}`).values();
  try {
    await Promise.all(
      connections.map(async (connection) => {
        for (const name of names) await connection.send({ method: "POST", path: `/${kind}/${name}` });
      }),
    );
    return await countOpen(pid);
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
  }
}

/** Databases that the process has open, one for each object; alarms have one for each class. */
async function countOpen(pid: number): Promise<number> {
  const folder = `/proc/${pid}/fd`;
  const targets = await Promise.allSettled((await readdir(folder)).map((fd) => readlink(join(folder, fd))));
  return targets.filter(
    (target) => target.status === "fulfilled" && /\/[0-9a-f]{64}\.sqlite$/.test(target.value),
  ).length;
}

async function memoryOf(pid: number): Promise<number> {
  const bytes = await readMemoryBytes(pid);
  if (bytes === undefined) throw new Error("The memory of workerd cannot be read.");
  return bytes;
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}
