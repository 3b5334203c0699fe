import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { newId } from "#core/ids";
import { currentTime } from "#core/time";
import type { BareWorkerd } from "../../../local/bench/bare-workerd.ts";
import { type ObjectCommits, watchObjectCommits } from "../../../local/bench/object-commits.ts";
import { objectsFolderOf, startObjectWorker } from "../../../local/bench/object-worker.ts";

/** The shop's objects, called by name. Stock's alarms are an hour away: none rings while commits are counted. */
const WORKER = `
import { CartObject } from "#durable-objects/cart/object";
import { InventoryObject } from "#durable-objects/inventory/object";

export class Carts extends CartObject {}
export class Inventory extends InventoryObject {
  constructor(state, bindings) {
    const { storage } = state;
    const setAlarm = storage.setAlarm.bind(storage);
    storage.setAlarm = (at) => setAlarm(at + 3_600_000);
    super(state, bindings);
  }
}

export default {
  async fetch(request, bindings) {
    const [, binding, name, call] = new URL(request.url).pathname.split("/");
    if (binding === "ready") return new Response();
    const object = bindings[binding].get(bindings[binding].idFromName(name));
    return Response.json((await object[call](...(await request.json()))) ?? null);
  },
};`;

let folder: string;
let workerd: BareWorkerd;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tradewind-writes-"));
  workerd = await startObjectWorker({ folder, source: WORKER, classes: ["Carts", "Inventory"] });
}, 60_000);

afterAll(async () => {
  await workerd.stop();
  await rm(folder, { recursive: true, force: true });
});

async function call(path: string, ...words: unknown[]): Promise<unknown> {
  const response = await fetch(`${workerd.url}/${path}`, { method: "POST", body: JSON.stringify(words) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

async function commitsOf(work: () => Promise<unknown>): Promise<ObjectCommits> {
  const commits = await watchObjectCommits(objectsFolderOf(folder));
  await work();
  return commits.stop();
}

const hold = (sku: string, id: string) =>
  call(`Inventory/${sku}/reserve`, { type: "reserve", id, quantity: 1, holdMs: 3_600_000 }, 10);

test("a SKU's first hold is one commit, and so is each that follows and each sale", async () => {
  expect(await commitsOf(() => hold("tent", "one"))).toEqual({ Inventory: 1, "Inventory alarms": 1 });
  expect(await commitsOf(() => hold("tent", "two"))).toEqual({ Inventory: 1 });
  const sale = () => call("Inventory/tent/commit", { type: "commit", id: "one" });
  expect(await commitsOf(sale)).toEqual({ Inventory: 1 });
});

test("a cart's first addition is one commit, and so is each step of its checkout", async () => {
  const variantId = newId("variant", currentTime());
  const add = (...words: unknown[]) => call("Carts/first/add", variantId, 1, ...words);
  expect(await commitsOf(() => add())).toEqual({ Carts: 1, "Carts alarms": 1 });
  expect(await commitsOf(() => add({ key: "add", fingerprint: "f" }))).toEqual({ Carts: 1 });

  const cartId = newId("cart", currentTime());
  const begin = () => call("Carts/first/beginCheckout", "order", "f", cartId);
  expect(await commitsOf(begin)).toEqual({ Carts: 1 });
  const { orderId } = z.object({ orderId: z.string() }).parse(await begin());
  expect(await commitsOf(() => call("Carts/first/completeCheckout", orderId))).toEqual({ Carts: 1 });
  expect(await call("Carts/first/view")).toMatchObject({ lines: [] });
});

test("what is only looked at is not written", async () => {
  const look = () => Promise.all([call("Inventory/never-seen/read"), call("Carts/never-seen/view")]);
  expect(await commitsOf(look)).toEqual({});
});
