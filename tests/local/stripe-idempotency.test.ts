import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { refusalOf, type Simulator, startSimulator } from "./stripe-simulator.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterEach(() => simulator.steer("reset", {}));
afterAll(() => simulator.stopAndForget());

const INTENT = { amount: 1_000, currency: "usd" };

test("the same key and parameters give the first answer again, and one intent", async () => {
  const { client } = simulator;
  const options = { idempotencyKey: "order-1" };
  const first = await client.paymentIntents.create(INTENT, options);
  const second = await client.paymentIntents.create(INTENT, options);
  expect(second).toEqual(first);
  expect(new Headers(second.lastResponse.headers).get("idempotent-replayed")).toBe("true");
  expect(second.lastResponse.requestId).not.toBe(first.lastResponse.requestId);
  expect((await client.paymentIntents.list()).data).toHaveLength(1);
});

test("the same key with other parameters is an idempotency error", async () => {
  const { client } = simulator;
  const options = { idempotencyKey: "order-1" };
  await client.paymentIntents.create(INTENT, options);
  const refusal = await refusalOf(client.paymentIntents.create({ ...INTENT, amount: 2_000 }, options));
  expect(refusal).toMatchObject({
    type: "StripeIdempotencyError",
    statusCode: 400,
    rawType: "idempotency_error",
  });
});

test("a key whose first request is still running is refused with 409", async () => {
  const { client, steer } = simulator;
  await steer("faults", { delay_ms: 1_000 });
  const options = { idempotencyKey: "order-1" };
  const outcomes = await Promise.allSettled([
    client.paymentIntents.create(INTENT, options),
    client.paymentIntents.create(INTENT, options),
  ]);
  const refused = outcomes.filter(({ status }) => status === "rejected");
  expect(refused).toMatchObject([{ reason: { statusCode: 409, code: "idempotency_key_in_use" } }]);
});

test("a declined payment is remembered like any other answer", async () => {
  const { client } = simulator;
  const options = { idempotencyKey: "order-1" };
  const { id } = await client.paymentIntents.create(INTENT);
  const payment_method = "pm_card_chargeDeclined";
  await refusalOf(client.paymentIntents.confirm(id, { payment_method }, options));
  const replayed = await refusalOf(client.paymentIntents.confirm(id, { payment_method }, options));
  expect(replayed).toMatchObject({ statusCode: 402, headers: { "idempotent-replayed": "true" } });
  expect((await client.charges.list({ payment_intent: id })).data).toHaveLength(1);
});

test("parameters that never passed leave the key unused", async () => {
  const { client } = simulator;
  const options = { idempotencyKey: "order-1" };
  await refusalOf(client.paymentIntents.create({ ...INTENT, currency: "zzz" }, options));
  expect(await client.paymentIntents.create(INTENT, options)).toMatchObject({ amount: 1_000 });
});

test("a lost reply took effect, and the retry with the same key learns of it", async () => {
  const { client, steer } = simulator;
  await steer("faults", { lose_reply: { path: "/v1/payment_intents", method: "POST", times: 1 } });
  const options = { idempotencyKey: "order-1" };
  expect(
    await refusalOf(client.paymentIntents.create(INTENT, { ...options, maxNetworkRetries: 0 })),
  ).toMatchObject({
    type: "StripeConnectionError",
  });
  const [made] = (await client.paymentIntents.list()).data;
  expect(await client.paymentIntents.create(INTENT, options)).toMatchObject({ id: made?.id });
});

test("a stored 500 is replayed for ever, an unstored one only happens once", async () => {
  const { client, steer } = simulator;
  await steer("faults", { error_500: { path: "/v1/payment_intents", times: 1, stored: true } });
  const stored = { idempotencyKey: "order-1" };
  await refusalOf(client.paymentIntents.create(INTENT, stored));
  expect(await refusalOf(client.paymentIntents.create(INTENT, stored))).toMatchObject({
    type: "StripeAPIError",
    statusCode: 500,
    headers: { "idempotent-replayed": "true" },
  });
  expect((await client.paymentIntents.list()).data).toHaveLength(0);

  await steer("faults", { error_500: { path: "/v1/payment_intents", times: 1, stored: false } });
  const passing = { idempotencyKey: "order-2" };
  await refusalOf(client.paymentIntents.create(INTENT, passing));
  expect(await client.paymentIntents.create(INTENT, passing)).toMatchObject({ amount: 1_000 });
});

test("a 500 may hide that the call took effect", async () => {
  const { client, steer } = simulator;
  await steer("faults", { error_500: { path: "/v1/payment_intents/*/confirm", times: 1, effect: true } });
  const { id } = await client.paymentIntents.create(INTENT);
  await refusalOf(client.paymentIntents.confirm(id, { payment_method: "pm_card_visa" }));
  expect((await client.paymentIntents.retrieve(id)).status).toBe("succeeded");
});

test("a key is forgotten after a day", async () => {
  const { client, steer } = simulator;
  const options = { idempotencyKey: "order-1" };
  const first = await client.paymentIntents.create(INTENT, options);
  await steer("clock", { advance_seconds: 24 * 60 * 60 + 1 });
  const second = await client.paymentIntents.create(INTENT, options);
  expect(second.id).not.toBe(first.id);
});

test("a fault that is no fault is refused", async () => {
  expect(await simulator.steer("faults", { delay_ms: -1 })).toMatchObject({
    error: expect.stringContaining("delay_ms"),
  });
  expect(await simulator.steer("faults")).toMatchObject({ delay_ms: 0, lose_reply: null, seed: 1 });
});
