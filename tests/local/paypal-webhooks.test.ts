import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { createPaypal } from "#providers/paypal";
import { subjectOfPaypalEvent, verifyPaypalEvent } from "#providers/paypal-events";
import {
  approvedOrder,
  authorize,
  CREDENTIALS,
  MERCHANT_ID,
  hoursAhead,
  orderOf,
  type Simulator,
  startReceiver,
  startSimulator,
  textOf,
  tokenOf,
  WEBHOOK_ID,
} from "./paypal-simulator.ts";

const patience = 25_000;

type Receiver = Awaited<ReturnType<typeof startReceiver>>;

let receiver: Receiver;
let simulator: Simulator;
beforeEach(async () => {
  receiver = await startReceiver();
  simulator = await startSimulator({ webhookUrl: receiver.url });
  receiver.trust(simulator.url);
});
afterEach(async () => {
  await simulator.stopAndForget();
  await receiver.stop();
});

const Deliveries = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      event_id: z.string(),
      kind: z.string(),
      status: z.string(),
      attempts: z.number(),
    }),
  ),
});

async function deliveries() {
  return Deliveries.parse(await simulator.steer("deliveries")).data;
}

async function capture(payer: string): Promise<string> {
  const { authorizationId } = await authorize(simulator, await approvedOrder(simulator, { payer }));
  const { id } = await simulator.client.ask(({ payments }) =>
    payments.captureAuthorizedPayment({ authorizationId, body: { finalCapture: true } }),
  );
  return textOf(id);
}

async function callNotifications(action: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${simulator.url}/v1/notifications/${action}`, {
    headers: { authorization: `Bearer ${await tokenOf(simulator)}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  return response.json();
}

test("every step of a payment is told, signed, and names the order and the attempt", async () => {
  const orderId = await approvedOrder(simulator);
  const { authorizationId } = await authorize(simulator, orderId);
  const captured = await simulator.client.ask(({ payments }) =>
    payments.captureAuthorizedPayment({ authorizationId }),
  );
  await simulator.client.ask(({ payments }) =>
    payments.refundCapturedPayment({ captureId: textOf(captured.id) }),
  );
  await vi.waitFor(() => expect(receiver.events).toHaveLength(4), patience);
  expect(receiver.types().toSorted()).toEqual([
    "CHECKOUT.ORDER.APPROVED",
    "PAYMENT.AUTHORIZATION.CREATED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.REFUNDED",
  ]);
  const subjects = receiver.events.map(subjectOfPaypalEvent);
  expect(subjects.flatMap(({ captureId }) => captureId ?? [])).toEqual([captured.id]);
  const references = subjects.flatMap(({ reference }) => (reference === undefined ? [] : [reference]));
  expect(new Set(references)).toEqual(new Set([orderId]));
});

test.each([
  ["review@buyer.example", ["PAYMENT.CAPTURE.PENDING", "PAYMENT.CAPTURE.COMPLETED"]],
  ["denied@buyer.example", ["PAYMENT.CAPTURE.PENDING", "PAYMENT.CAPTURE.DENIED"]],
  ["dispute@buyer.example", ["PAYMENT.CAPTURE.COMPLETED", "CUSTOMER.DISPUTE.CREATED"]],
])("what becomes of the capture of %s is told later", async (payer, expected) => {
  await capture(payer);
  await vi.waitFor(() => expect(receiver.types()).toContain(expected[0]), patience);
  await simulator.steer("clock", { advance_seconds: 10 });
  await vi.waitFor(() => expect(receiver.types()).toContain(expected[1]), patience);
});

test("a webhook that fails is tried again until it is accepted", async () => {
  receiver.statuses.push(500, 503);
  await approvedOrder(simulator);
  await vi.waitFor(
    () => expect(receiver.types()).toEqual(Array(3).fill("CHECKOUT.ORDER.APPROVED")),
    patience,
  );
  expect(new Set(receiver.events.map(({ id }) => id)).size).toBe(1);
});

test("webhooks are duplicated, dropped and resent on demand", async () => {
  const { steer } = simulator;
  await steer("faults", { duplicate_webhooks: true });
  await approvedOrder(simulator);
  await vi.waitFor(() => expect(receiver.events).toHaveLength(2), patience);
  await steer("faults", { duplicate_webhooks: 0, drop_webhooks: 1 });
  await approvedOrder(simulator);
  const [dropped] = await deliveries();
  expect(dropped).toMatchObject({ status: "dropped", attempts: 0 });
  await steer(`deliveries/${dropped?.id}/resend`, {});
  await vi.waitFor(() => expect(receiver.events).toHaveLength(3), patience);
  expect(receiver.events[2]?.id).toBe(dropped?.event_id);
});

test.each(["wrong_secret", "stale_timestamp", "altered_body", "missing"])(
  "a forged webhook with %s is not taken for PayPal's",
  async (signing) => {
    const object = await approvedOrder(simulator);
    await vi.waitFor(() => expect(receiver.events).toHaveLength(1), patience);
    const claims = { status: "COMPLETED" };
    const forge = { event_type: "CHECKOUT.ORDER.COMPLETED", object, claims, signing };
    await simulator.steer("faults", { forge });
    await vi.waitFor(() => expect(receiver.refused).toHaveLength(1), patience);
    expect(receiver.events).toHaveLength(1);
  },
);

test("a certificate from anywhere but PayPal's own host is not even fetched", async () => {
  await approvedOrder(simulator);
  await vi.waitFor(() => expect(receiver.received).toHaveLength(1), patience);
  const [signed] = receiver.received;
  if (signed === undefined) throw new Error("Nothing was received.");
  const settings = { webhookId: WEBHOOK_ID, apiUrl: undefined };
  expect(await verifyPaypalEvent(settings, signed, hoursAhead(0))).toBeUndefined();
});

test("a webhook signed for another webhook, or long ago, is not taken for ours", async () => {
  await approvedOrder(simulator);
  await vi.waitFor(() => expect(receiver.received).toHaveLength(1), patience);
  const [signed] = receiver.received;
  if (signed === undefined) throw new Error("Nothing was received.");
  const apiUrl = simulator.url;
  expect(await verifyPaypalEvent({ webhookId: WEBHOOK_ID, apiUrl }, signed, hoursAhead(72))).toBeDefined();
  expect(await verifyPaypalEvent({ webhookId: "OTHER", apiUrl }, signed, hoursAhead(0))).toBeUndefined();
  expect(await verifyPaypalEvent({ webhookId: WEBHOOK_ID, apiUrl }, signed, hoursAhead(97))).toBeUndefined();
});

test("PayPal itself verifies what it signed, and nothing else", async () => {
  await approvedOrder(simulator);
  await vi.waitFor(() => expect(receiver.received).toHaveLength(1), patience);
  const [signed] = receiver.received;
  const question = {
    auth_algo: signed?.headers.get("paypal-auth-algo"),
    cert_url: signed?.headers.get("paypal-cert-url"),
    transmission_id: signed?.headers.get("paypal-transmission-id"),
    transmission_sig: signed?.headers.get("paypal-transmission-sig"),
    transmission_time: signed?.headers.get("paypal-transmission-time"),
    webhook_id: WEBHOOK_ID,
    webhook_event: JSON.parse(signed?.body ?? "{}"),
  };
  const ask = (given: object) => callNotifications("verify-webhook-signature", given);
  expect(await ask(question)).toEqual({ verification_status: "SUCCESS" });
  const altered = { ...question, webhook_event: { ...question.webhook_event, summary: "altered" } };
  expect(await ask(altered)).toEqual({ verification_status: "FAILURE" });
});

const EventList = z.object({
  events: z.array(z.looseObject({ id: z.string(), event_type: z.string() })),
  links: z.array(z.object({ rel: z.string(), href: z.string() })),
});

test("a sweep finds events by type and time, page by page", async () => {
  await simulator.steer("faults", { drop_webhooks: 1 });
  await approvedOrder(simulator);
  await simulator.steer("clock", { advance_seconds: 100 });
  const { now } = z.object({ now: z.number() }).parse(await simulator.steer("clock"));
  for (let count = 0; count < 3; count++) await approvedOrder(simulator);
  const since = new Date(now * 1000).toISOString();
  const list = async (query: string) => EventList.parse(await callNotifications(`webhooks-events?${query}`));
  const first = await list(`start_time=${since}&event_type=CHECKOUT.ORDER.APPROVED&page_size=2`);
  expect(first.events).toHaveLength(2);
  const next = new URL(first.links.find(({ rel }) => rel === "next")?.href ?? "");
  expect((await list(next.search.slice(1))).events).toHaveLength(1);
  expect((await list("page_size=100")).events).toHaveLength(4);
});

test("a webhook made by the API hears only what it asked for, until it is deleted", async () => {
  const other = await startReceiver();
  other.trust(simulator.url);
  const made = await callNotifications("webhooks", {
    url: other.url,
    event_types: [{ name: "PAYMENT.AUTHORIZATION.CREATED" }],
  });
  const { id } = z.object({ id: z.string() }).parse(made);
  await authorize(simulator, await approvedOrder(simulator));
  // Signed for the webhook's own id, which this receiver does not know.
  await vi.waitFor(() => expect(other.refused).not.toEqual([]), patience);
  expect(other.refused.every((body) => body.includes("PAYMENT.AUTHORIZATION.CREATED"))).toBe(true);
  await fetch(`${simulator.url}/v1/notifications/webhooks/${id}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${await tokenOf(simulator)}` },
  });
  expect(await callNotifications("webhooks")).toMatchObject({ webhooks: [{ id: WEBHOOK_ID }] });
  await other.stop();
});

test("a killed simulator remembers orders, request ids, its key and undelivered webhooks", async () => {
  const stateFolder = await mkdtemp(path.join(tmpdir(), "paypal-killed-"));
  const program = path.resolve(import.meta.dirname, "paypal-process.ts");
  const { clientId, clientSecret } = CREDENTIALS;
  const child = spawn(process.execPath, [program, stateFolder, clientId, clientSecret, WEBHOOK_ID]);
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const [url] = z.tuple([z.string()]).parse(await once(createInterface(child.stdout), "line"));
  const client = createPaypal({ ...CREDENTIALS, merchantId: MERCHANT_ID, apiUrl: url });
  const create = (paypal: typeof client) =>
    paypal.ask(({ orders }) => orders.createOrder({ body: orderOf(), paypalRequestId: "order-1" }));
  const { id } = await create(client);
  await fetch(`${url}/_simulator/orders/${id}/approve`, { method: "POST" });
  child.kill("SIGKILL");
  await once(child, "exit");

  const again = await startSimulator({ stateFolder, webhookUrl: receiver.url });
  receiver.trust(again.url);
  expect((await create(again.client)).id).toBe(id);
  await again.steer("clock", { advance_seconds: 60 });
  await vi.waitFor(() => expect(receiver.types()).toContain("CHECKOUT.ORDER.APPROVED"), patience);
  await again.stop();
  await rm(stateFolder, { recursive: true });
});
