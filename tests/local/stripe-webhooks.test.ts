import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import {
  clientOf,
  PUBLISHABLE_KEY,
  SECRET_KEY,
  type Simulator,
  startReceiver,
  startSimulator,
  WEBHOOK_SECRET,
} from "./stripe-simulator.ts";

const patience = 25_000;

type Receiver = Awaited<ReturnType<typeof startReceiver>>;

let receiver: Receiver;
let simulator: Simulator;
beforeEach(async () => {
  receiver = await startReceiver();
  simulator = await startSimulator({ webhookUrl: receiver.url });
});
afterEach(async () => {
  await simulator.stopAndForget();
  await receiver.stop();
});

const PAID = {
  amount: 1_000,
  currency: "usd",
  confirm: true,
  payment_method: "pm_card_visa",
  allowed_payment_method_types: ["card"],
};

const Deliveries = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      event_id: z.string(),
      event_type: z.string(),
      url: z.string(),
      kind: z.string(),
      status: z.string(),
      attempts: z.number(),
      status_code: z.number().nullable(),
      body: z.string(),
    }),
  ),
});

async function deliveries() {
  return Deliveries.parse(await simulator.steer("deliveries")).data;
}

test("every event arrives signed, names its request and can be read again", async () => {
  const { client } = simulator;
  const intent = await client.paymentIntents.create(PAID, { idempotencyKey: "order-1" });
  await vi.waitFor(() => {
    expect(new Set(receiver.types())).toEqual(
      new Set(["charge.succeeded", "payment_intent.created", "payment_intent.succeeded"]),
    );
  }, patience);
  const event = receiver.events.find(({ type }) => type === "payment_intent.succeeded");
  expect(event).toMatchObject({
    request: { id: intent.lastResponse.requestId, idempotency_key: "order-1" },
    data: { object: { id: intent.id, status: "succeeded", amount_received: 1_000 } },
  });
  await vi.waitFor(async () => {
    expect(await client.events.retrieve(event?.id ?? "")).toMatchObject({
      id: event?.id,
      pending_webhooks: 0,
    });
  }, patience);
});

test("a sweep finds events by type and time", async () => {
  const { client, steer } = simulator;
  await client.paymentIntents.create(PAID);
  await steer("clock", { advance_seconds: 100 });
  const late = await client.paymentIntents.create(PAID);
  const found = await client.events.list({
    created: { gte: late.created },
    types: ["payment_intent.succeeded", "payment_intent.payment_failed"],
  });
  expect(found.data).toMatchObject([{ type: "payment_intent.succeeded", data: { object: { id: late.id } } }]);
});

test("an endpoint that fails is tried again until it accepts", async () => {
  receiver.statuses.push(500, 503);
  await simulator.client.customers.create({ name: "Ada" });
  await vi.waitFor(() => expect(receiver.types()).toEqual(Array(3).fill("customer.created")), patience);
  await vi.waitFor(async () => {
    expect(await deliveries()).toMatchObject([{ status: "delivered", attempts: 3, status_code: 200 }]);
  }, patience);
  expect(new Set(receiver.events.map(({ id }) => id)).size).toBe(1);
});

test("webhooks are duplicated, dropped and resent on demand", async () => {
  const { client, steer } = simulator;
  await steer("faults", { duplicate_webhooks: true });
  await client.customers.create({ name: "Twice" });
  await vi.waitFor(() => expect(receiver.events).toHaveLength(2), patience);
  expect(receiver.events[0]?.id).toBe(receiver.events[1]?.id);

  await steer("faults", { duplicate_webhooks: 0, drop_webhooks: 1 });
  await client.customers.create({ name: "Never" });
  const [dropped] = await deliveries();
  expect(dropped).toMatchObject({ status: "dropped", attempts: 0 });
  await steer(`deliveries/${dropped?.id}/resend`, {});
  await vi.waitFor(() => expect(receiver.events).toHaveLength(3), patience);
  expect(receiver.events[2]?.id).toBe(dropped?.event_id);
});

test("webhooks overtake one another, in the same way for the same seed", async () => {
  const { client, steer } = simulator;
  await steer("faults", { reorder_webhooks: true, seed: 7 });
  const names = ["a", "b", "c", "d", "e", "f"];
  for (const name of names) await client.customers.create({ name });
  await vi.waitFor(() => expect(receiver.events).toHaveLength(names.length), patience);
  const order = receiver.events.map(({ data }) => ("name" in data.object ? data.object.name : null));
  expect(order).not.toEqual(names);
  expect(new Set(order)).toEqual(new Set(names));
});

test.each(["wrong_secret", "stale_timestamp", "altered_body", "missing"])(
  "a forged webhook with %s is recognised by the official client",
  async (signing) => {
    const { client, steer } = simulator;
    const intent = await client.paymentIntents.create({ amount: 1_000, currency: "usd" });
    await vi.waitFor(() => expect(receiver.events).toHaveLength(1), patience);
    const claims = { status: "succeeded" };
    await steer("faults", {
      forge: { event_type: "payment_intent.succeeded", object: intent.id, claims, signing },
    });
    await vi.waitFor(() => expect(receiver.refused).toHaveLength(1), patience);
    await vi.waitFor(
      async () => expect((await deliveries())[0]).toMatchObject({ kind: "forged", status: "failed" }),
      patience,
    );
    expect((await client.events.list({ type: "payment_intent.succeeded" })).data).toEqual([]);
  },
);

test("an endpoint made by the API hears only what it asked for, until it is deleted", async () => {
  const { client } = simulator;
  const other = await startReceiver();
  const endpoint = await client.webhookEndpoints.create({
    url: other.url,
    enabled_events: ["customer.deleted"],
  });
  expect(endpoint.secret).toMatch(/^whsec_/);
  expect((await client.webhookEndpoints.retrieve(endpoint.id)).secret).toBeUndefined();
  const { id } = await client.customers.create({});
  await client.customers.del(id);
  // Signed with the endpoint's own secret, which this receiver does not know.
  await vi.waitFor(() => expect(other.refused).not.toEqual([]), patience);
  const types = (await deliveries())
    .filter(({ url }) => url === other.url)
    .map((delivery) => delivery.event_type);
  expect(types).toEqual(["customer.deleted"]);
  await client.webhookEndpoints.del(endpoint.id);
  expect((await client.webhookEndpoints.list()).data.map(({ url }) => url)).toEqual([receiver.url]);
  await other.stop();
});

test("a killed simulator remembers intents, events, keys and undelivered webhooks", async () => {
  const stateFolder = await mkdtemp(path.join(tmpdir(), "stripe-killed-"));
  const program = path.resolve(import.meta.dirname, "stripe-process.ts");
  const child = spawn(process.execPath, [program, stateFolder, SECRET_KEY, PUBLISHABLE_KEY, WEBHOOK_SECRET]);
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const [url] = z.tuple([z.string()]).parse(await once(createInterface(child.stdout), "line"));
  const options = { idempotencyKey: "order-1" };
  const made = await clientOf(url, SECRET_KEY).paymentIntents.create(PAID, options);
  child.kill("SIGKILL");
  await once(child, "exit");

  const again = await startSimulator({ stateFolder, webhookUrl: receiver.url });
  expect(await again.client.paymentIntents.create(PAID, options)).toEqual(made);
  expect((await again.client.events.list()).data).toHaveLength(3);
  await again.steer("clock", { advance_seconds: 60 });
  await vi.waitFor(() => expect(receiver.types()).toContain("payment_intent.succeeded"), patience);
  await again.stop();
  await rm(stateFolder, { recursive: true });
});
