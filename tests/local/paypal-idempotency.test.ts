import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { PaypalSilence } from "#providers/paypal";
import {
  approvedOrder,
  authorize,
  orderOf,
  refusalOf,
  type Simulator,
  startSimulator,
  tokenOf,
} from "./paypal-simulator.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterEach(() => simulator.steer("reset", {}));
afterAll(() => simulator.stopAndForget());

const create = (paypalRequestId: string, value = "25.00") =>
  simulator.client.ask(({ orders }) => orders.createOrder({ body: orderOf({ value }), paypalRequestId }));
const HOUR_SECONDS = 60 * 60;

test("the same request id gives the first answer again, with 200 in place of 201", async () => {
  const first = await create("request-1");
  expect(await create("request-1")).toEqual(first);
  const token = await tokenOf(simulator);
  const statusOf = async () => {
    const response = await fetch(`${simulator.url}/v2/checkout/orders`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "paypal-request-id": "request-2" },
      body: JSON.stringify({
        intent: "CAPTURE",
        purchase_units: [{ amount: { currency_code: "USD", value: "1.00" } }],
      }),
    });
    return response.status;
  };
  expect(await statusOf()).toBe(201);
  expect(await statusOf()).toBe(200);
});

test("the same request id serves different calls", async () => {
  const id = await approvedOrder(simulator);
  await simulator.client.ask(({ orders }) => orders.authorizeOrder({ id, paypalRequestId: "attempt-1" }));
  expect(await create("attempt-1")).toMatchObject({ status: "CREATED" });
});

test("the same request id with another body is refused", async () => {
  await create("request-1");
  expect(await refusalOf(create("request-1", "30.00"))).toMatchObject({ issue: "DUPLICATE_REQUEST_ID" });
});

test("a request id whose first request is still running is refused with 409", async () => {
  await create("warm-up");
  await simulator.steer("faults", { delay_ms: 1_000 });
  const outcomes = await Promise.allSettled([create("request-1"), create("request-1")]);
  const refused = outcomes.filter(({ status }) => status === "rejected");
  expect(refused).toMatchObject([{ reason: { statusCode: 409 } }]);
});

test("orders' request ids are forgotten after six hours", async () => {
  const first = await create("request-1");
  await simulator.steer("clock", { advance_seconds: 6 * HOUR_SECONDS + 1 });
  expect((await create("request-1")).id).not.toBe(first.id);
});

test("a decline is remembered under its request id, while an early try leaves the id unused", async () => {
  const { client, approve } = simulator;
  const pay = (id: string) =>
    client.ask(({ orders }) => orders.authorizeOrder({ id, paypalRequestId: "request-1" }));
  const { id: made } = await create("order");
  const id = String(made);
  expect(await refusalOf(pay(id))).toMatchObject({ issue: "ORDER_NOT_APPROVED" });
  await approve(id, "declined@buyer.example");
  expect(await refusalOf(pay(id))).toMatchObject({ issue: "INSTRUMENT_DECLINED" });
  await approve(id);
  expect(await refusalOf(pay(id))).toMatchObject({ issue: "INSTRUMENT_DECLINED" });
});

test("a lost reply took effect, and the retry with the same request id learns of it", async () => {
  const { client, steer } = simulator;
  const { authorizationId } = await authorize(simulator, await approvedOrder(simulator));
  await steer("faults", { lose_reply: { path: "/v2/payments/authorizations/*/capture" } });
  const capture = () =>
    client.ask(({ payments }) =>
      payments.captureAuthorizedPayment({ authorizationId, paypalRequestId: "capture-1" }),
    );
  await expect(capture()).rejects.toBeInstanceOf(PaypalSilence);
  expect(
    await client.ask(({ payments }) => payments.getAuthorizedPayment({ authorizationId })),
  ).toMatchObject({
    status: "CAPTURED",
  });
  expect(await capture()).toMatchObject({ status: "COMPLETED" });
});

test("a stored 500 is replayed, an unstored one only happens once", async () => {
  const { steer } = simulator;
  await steer("faults", { error_500: { path: "/v2/checkout/orders" } });
  expect(await refusalOf(create("request-1"))).toMatchObject({ status: 500, name: "INTERNAL_SERVER_ERROR" });
  expect(await refusalOf(create("request-1"))).toMatchObject({ status: 500 });
  await steer("faults", { error_500: { path: "/v2/checkout/orders", stored: false } });
  expect(await refusalOf(create("request-2"))).toMatchObject({ status: 500 });
  expect(await create("request-2")).toMatchObject({ status: "CREATED" });
});

test("a 500 may hide that the call took effect", async () => {
  const { client, steer } = simulator;
  await steer("faults", { error_500: { path: "/v2/checkout/orders/*/authorize", effect: true } });
  const id = await approvedOrder(simulator);
  expect(await refusalOf(client.ask(({ orders }) => orders.authorizeOrder({ id })))).toMatchObject({
    status: 500,
  });
  expect(await client.ask(({ orders }) => orders.getOrder({ id }))).toMatchObject({ status: "COMPLETED" });
});
