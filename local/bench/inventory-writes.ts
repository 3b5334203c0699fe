import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { explainAndExit } from "../terminal.ts";
import type { BareWorkerd } from "./bare-workerd.ts";
import { applyLoad, percentile, type Performer } from "./load.ts";
import { startObjectWorker } from "./object-worker.ts";

/**
 * `npm run bench:inventory`: holds per second on one SKU, on bare workerd, with calls decided together as the shop
 * does, and beside it each in a transaction of its own. Both take turns, so that a busy machine slows both.
 */

const ROUNDS = 3;
const SECONDS = 3;
const CONNECTIONS = [1, 16, 64] as const;

/** The shop's object beside one that flushes each call alone. Neither copies its journal: there is no Postgres here. */
const WORKER = `
import { DurableObject } from "cloudflare:workers";
import { adjust } from "#durable-objects/inventory/adjustments";
import { expire, reserve } from "#durable-objects/inventory/claims";
import { InventoryObject } from "#durable-objects/inventory/object";
import { openLedgerStore } from "#durable-objects/inventory/store";

export class Together extends InventoryObject {
  alarm() {}
}

export class Alone extends DurableObject {
  constructor(state, bindings) {
    super(state, bindings);
    this.store = openLedgerStore(state.storage.sql);
  }
  adjust(command) {
    return this.decide((now) => adjust(this.store, command, now));
  }
  reserve(command) {
    return this.decide((now) => reserve(this.store, command, now));
  }
  decide(make) {
    const now = Date.now();
    return this.ctx.storage.transactionSync(() => {
      for (const each of this.store.overdue(now, 1000)) this.store.save(expire(this.store.stock, each, now));
      const decision = make(now);
      this.store.save(decision);
      return decision.reply;
    });
  }
}

export default {
  async fetch(request, bindings) {
    const [, variant, call] = new URL(request.url).pathname.split("/");
    if (variant === "ready") return new Response();
    const object = bindings[variant].get(bindings[variant].idFromName("hot"));
    const reply = await object[call](await request.json());
    return Response.json(reply, { status: reply.ok ? 200 : 409 });
  },
};`;

const variants = ["Alone", "Together"] as const;
type Variant = (typeof variants)[number];
type Figures = { perSecond: number; p50Ms: number; p99Ms: number };
type Round = Record<Variant, Figures>;

await run().then(() => process.exit(), explainAndExit);

async function run(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tradewind-bench-inventory-"));
  try {
    const workerd = await startObjectWorker({ folder, source: WORKER, classes: variants });
    try {
      await Promise.all(variants.map((variant) => receive(workerd, variant)));
      console.log(`${ROUNDS} rounds of ${SECONDS} s, load average ${loadavg()[0]?.toFixed(1)}\n`);
      console.log("connections  alone/s  together/s  ratio (each round)       p50 ms       p99 ms");
      for (const connections of CONNECTIONS)
        console.log(describe(connections, await measure(workerd, connections)));
    } finally {
      await workerd.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function receive({ url }: BareWorkerd, variant: Variant): Promise<void> {
  const command = { type: "receive", id: "all", movementId: "all", quantity: 1_000_000, reason: "bench" };
  const response = await fetch(`${url}/${variant}/adjust`, { method: "POST", body: JSON.stringify(command) });
  if (!response.ok) throw new Error(`no units were received: ${await response.text()}`);
}

async function measure({ url }: BareWorkerd, connections: number): Promise<Round[]> {
  const figuresOf = async (variant: Variant): Promise<Figures> => {
    const load = { origin: url, connections, seconds: SECONDS, performer: holds(variant) };
    const { operations, seconds, failures, faults, latenciesMs } = await applyLoad(load);
    if (failures > 0) throw new Error(`${failures} holds failed: ${faults.join("; ")}`);
    return {
      perSecond: operations / seconds,
      p50Ms: percentile(latenciesMs, 0.5),
      p99Ms: percentile(latenciesMs, 0.99),
    };
  };
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++)
    rounds.push({ Alone: await figuresOf("Alone"), Together: await figuresOf("Together") });
  return rounds;
}

function holds(variant: Variant): Performer {
  return (connection) => async () => {
    const json = { type: "reserve", id: randomUUID(), quantity: 1, holdMs: 3_600_000 };
    await connection.send({ method: "POST", path: `/${variant}/reserve`, json });
  };
}

function describe(connections: number, rounds: readonly Round[]): string {
  const median = (figures: readonly number[]): number =>
    figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN;
  const of = (variant: Variant, figure: keyof Figures): number =>
    median(rounds.map((round) => round[variant][figure]));
  const ratios = rounds.map(({ Alone, Together }) => Together.perSecond / Alone.perSecond);
  const pair = (figure: keyof Figures): string =>
    `${of("Alone", figure).toFixed(1)} / ${of("Together", figure).toFixed(1)}`.padStart(12);
  return [
    String(connections).padStart(11),
    of("Alone", "perSecond").toFixed(0).padStart(7),
    of("Together", "perSecond").toFixed(0).padStart(10),
    `${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(", ")})`.padEnd(22),
    pair("p50Ms"),
    pair("p99Ms"),
  ].join("  ");
}
