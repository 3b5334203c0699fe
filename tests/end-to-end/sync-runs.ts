import { setTimeout as sleep } from "node:timers/promises";
import { vi } from "vitest";
import { z } from "zod";
import type { OwnStack } from "../own-stack.ts";
import { createShopClient } from "../shop-client.ts";
import { Random } from "../simulation/random.ts";
import { type Drift, compareIndex } from "./sync-comparison.ts";
import { createKeepers } from "./sync-keepers.ts";

export type SyncReport = {
  runs: number;
  writes: number;
  workersKilled: number;
  searchServersKilled: number;
  outages: number;
  rebuilds: number;
  /** Products that were not in the index as in the catalogue when everything had come to rest, over all runs. */
  drift: number;
  /** Products that only a comparison with the catalogue brought back. */
  repaired: number;
  faults: string[];
};

type Trouble = "kill worker" | "kill search" | "outage" | "pause" | "rebuild";

const troubles: readonly [Trouble, ...Trouble[]] = [
  "kill worker",
  "kill search",
  "outage",
  "pause",
  "rebuild",
  "rebuild",
];
/** What befalls a real server too, which takes no orders to fail. */
const realTroubles: typeof troubles = ["kill worker", "kill search", "rebuild"];
const restMs = 120_000;

const Status = z.object({
  reachable: z.literal(true),
  backlog: z.object({ events: z.literal(0), tasks: z.literal(0) }),
  drift: z.object({ repaired: z.int() }),
});
const Rebuild = z.object({ running: z.null() });

/**
 * Lives histories of a shop whose catalogue changes all the time while what keeps the index dies: the Worker, the search
 * server, its answers; and while the index is rebuilt. After each, when nothing is on its way any more, the index is
 * compared with the catalogue, by reading both whole.
 */
export async function runSync(
  stack: OwnStack,
  { seed, runs }: { seed: number; runs: number },
  tell: (line: string) => void,
): Promise<SyncReport> {
  const report: SyncReport = {
    runs: 0,
    writes: 0,
    workersKilled: 0,
    searchServersKilled: 0,
    outages: 0,
    rebuilds: 0,
    drift: 0,
    repaired: 0,
    faults: [],
  };
  const possible = (await answerToFaults(stack, {})).ok ? troubles : realTroubles;
  for (let run = 0; run < runs; run++) {
    const random = new Random(seed + run);
    const repairedBefore = await repairedSoFar(stack);
    const story = await liveThrough(possible, { stack, random, report });
    const drift = await atRest(stack);
    report.runs += 1;
    report.drift += drift.differing.length;
    const repaired = (await repairedSoFar(stack)) - repairedBefore;
    report.repaired += repaired;
    for (const fault of drift.differing) report.faults.push(`seed ${seed + run}: ${fault}`);
    tell(
      `seed ${seed + run}: ${story.join(", ")}; ${drift.products} products, drift ${drift.differing.length}, repaired ${repaired}`,
    );
  }
  return report;
}

type Scene = { stack: OwnStack; random: Random; report: SyncReport };

async function liveThrough(possible: typeof troubles, scene: Scene): Promise<string[]> {
  const { stack, random, report } = scene;
  const keepers = await createKeepers(stack, random);
  const story: string[] = [];
  for (let number = random.between(2, 4); number > 0; number--) {
    await sleep(random.between(50, 500));
    const trouble = random.pick(possible);
    story.push(trouble);
    await make(trouble, scene);
  }
  await sleep(random.between(50, 300));
  report.writes += await keepers.stop();
  return story;
}

async function make(trouble: Trouble, { stack, random, report }: Scene): Promise<void> {
  switch (trouble) {
    case "kill worker":
      report.workersKilled += 1;
      await stack.kill("worker", "SIGKILL");
      return restart(stack, "worker");
    case "kill search":
      report.searchServersKilled += 1;
      await stack.kill("search", "SIGKILL");
      await sleep(random.between(0, 800));
      return restart(stack, "search");
    case "outage":
      report.outages += 1;
      await setFaults(stack, { fail_rate: random.pick([0.3, 1]) });
      await sleep(random.between(100, 1_000));
      return setFaults(stack, { fail_rate: 0 });
    case "pause":
      report.outages += 1;
      await setFaults(stack, { paused_tasks: true });
      await sleep(random.between(100, 1_000));
      return setFaults(stack, { paused_tasks: false });
    case "rebuild": {
      const shop = createShopClient(stack.addresses.api);
      const token = await shop.adminToken();
      const { status } = await shop.request("/admin/search/rebuild", { method: "POST", token });
      if (status === 202) report.rebuilds += 1;
      return;
    }
  }
}

/** A machine that is busy with other work may need a second try. */
async function restart(stack: OwnStack, part: "worker" | "search"): Promise<void> {
  await stack.restart(part).catch(() => stack.restart(part));
}

async function setFaults(stack: OwnStack, faults: Record<string, unknown>): Promise<void> {
  const answer = await answerToFaults(stack, faults);
  if (!answer.ok) throw new Error(`the search server refused its faults: ${answer.status}`);
}

function answerToFaults({ addresses }: OwnStack, faults: Record<string, unknown>): Promise<Response> {
  return fetch(`${addresses.services.search}/_simulator/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(faults),
  });
}

/** Waits until nothing is on its way. What then still differs after a while does so for good. */
async function atRest(stack: OwnStack): Promise<Drift> {
  const shop = createShopClient(stack.addresses.api);
  const token = await shop.adminToken();
  await vi.waitFor(
    async () => {
      Status.parse((await shop.request("/admin/search/status", { token })).body);
      Rebuild.parse((await shop.request("/admin/search/rebuild", { token })).body);
    },
    { timeout: restMs, interval: 100 },
  );
  const deadline = Date.now() + restMs;
  let drift = await compareIndex(stack);
  while (drift.differing.length > 0 && Date.now() < deadline) {
    await sleep(200);
    drift = await compareIndex(stack);
  }
  return drift;
}

async function repairedSoFar(stack: OwnStack): Promise<number> {
  const shop = createShopClient(stack.addresses.api);
  const answer = await shop.request("/admin/search/status", { token: await shop.adminToken() });
  return answer.as(z.object({ drift: z.object({ repaired: z.int() }) })).drift.repaired;
}
