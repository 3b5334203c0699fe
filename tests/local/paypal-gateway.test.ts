import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AppError } from "#core/errors";
import { createPaypal } from "#providers/paypal";
import { minorUnitsOfPaypal, paypalValue } from "#providers/paypal-money";
import { paypalPayments } from "#providers/paypal-payments";
import { CREDENTIALS, type Simulator, startSimulator, textOf } from "./paypal-simulator.ts";

let simulator: Simulator;
let gateway: ReturnType<typeof paypalPayments>;
beforeAll(async () => {
  simulator = await startSimulator();
  gateway = paypalPayments(simulator.client);
});
afterEach(() => simulator.steer("reset", {}));
afterAll(() => simulator.stopAndForget());

const REQUEST = {
  attemptId: "pay_1",
  orderId: "ord_1",
  amount: 2_599,
  currency: "USD",
  returnUrl: "https://shop.example/thanks",
  cancelUrl: "https://shop.example/cart",
};

/** A payment that its buyer has approved. */
async function approved(payer?: string): Promise<string> {
  const { facts } = await gateway.authorise(REQUEST);
  await simulator.approve(facts.reference, payer);
  return facts.reference;
}

async function authorised(payer?: string): Promise<string> {
  const reference = await approved(payer);
  await gateway.completeAuthorisation(reference);
  return reference;
}

function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "no fault",
    (fault: unknown) => (fault instanceof AppError ? fault.code : String(fault)),
  );
}

test("a payment waits for the buyer, whom it sends to PayPal", async () => {
  const { facts, approveUrl } = await gateway.authorise(REQUEST);
  expect(facts).toMatchObject({
    state: "requires_action",
    amount: 2_599,
    capturedAmount: 0,
    currency: "USD",
    orderId: "ord_1",
    attemptId: "pay_1",
  });
  expect(textOf(approveUrl)).toContain(facts.reference);
  expect(await gateway.authorise(REQUEST)).toEqual({ facts, approveUrl });
});

test("what the buyer approved awaits its authorisation, and is then captured", async () => {
  const reference = await approved();
  const read = await gateway.read(reference);
  expect(read).toMatchObject({ facts: { state: "approved" } });
  const completed = await gateway.completeAuthorisation(reference);
  expect(completed).toEqual({ facts: expect.objectContaining({ state: "authorised" }) });
  expect(await gateway.capture("pay_1", reference)).toMatchObject({
    state: "captured",
    capturedAmount: 2_599,
  });
});

test("every step may come again and finds what is done already", async () => {
  const reference = await authorised();
  expect((await gateway.completeAuthorisation(reference)).facts.state).toBe("authorised");
  const first = await gateway.capture("pay_1", reference);
  expect(await gateway.capture("pay_1", reference)).toEqual(first);
  expect((await gateway.completeAuthorisation(reference)).facts.state).toBe("captured");
  expect(await gateway.cancel("pay_1", reference)).toMatchObject({ state: "captured" });
});

test("an authorisation is given back, and stays so", async () => {
  const reference = await authorised();
  expect(await gateway.cancel("pay_1", reference)).toMatchObject({ state: "cancelled" });
  expect(await gateway.cancel("pay_1", reference)).toMatchObject({ state: "cancelled" });
  expect(await gateway.capture("pay_1", reference)).toMatchObject({ state: "cancelled", capturedAmount: 0 });
});

test("a payment that nobody authorised is cancelled without a word to PayPal", async () => {
  expect(await gateway.cancel("pay_1", await approved())).toMatchObject({ state: "cancelled" });
});

test("a decline comes back as facts, and the buyer may choose another way to pay", async () => {
  const reference = await approved("declined@buyer.example");
  const declined = await gateway.completeAuthorisation(reference);
  expect(declined.facts).toMatchObject({ state: "requires_action", failureCode: "instrument_declined" });
  expect(textOf(declined.approveUrl)).toContain(reference);
  await simulator.approve(reference);
  expect((await gateway.completeAuthorisation(reference)).facts.state).toBe("authorised");
});

test("a capture that PayPal refuses leaves the authorisation, with the reason", async () => {
  const reference = await authorised("cannot-pay@buyer.example");
  expect(await gateway.capture("pay_1", reference)).toMatchObject({
    state: "authorised",
    failureCode: "payer_cannot_pay",
  });
});

test.each([
  ["review@buyer.example", { state: "captured", capturedAmount: 2_599 }],
  ["denied@buyer.example", { state: "cancelled", failureCode: "capture_declined" }],
])("the capture of %s is pending until PayPal has decided", async (payer, outcome) => {
  const reference = await authorised(payer);
  expect(await gateway.capture("pay_1", reference)).toMatchObject({ state: "pending", capturedAmount: 0 });
  await simulator.steer("clock", { advance_seconds: 10 });
  expect((await gateway.read(reference)).facts).toMatchObject(outcome);
});

test("a refund happens once, even when its request id is long forgotten", async () => {
  const reference = await authorised();
  await gateway.capture("pay_1", reference);
  const request = { refundId: "ref_1", reference, amount: 1_000, currency: "USD" };
  const first = await gateway.refund(request);
  expect(first).toMatchObject({ state: "succeeded", amount: 1_000 });
  await simulator.steer("clock", { advance_seconds: 46 * 24 * 60 * 60 });
  expect(await gateway.refund(request)).toEqual(first);
  expect((await gateway.read(reference)).facts).toMatchObject({ state: "captured", refundedAmount: 1_000 });
  const tooMuch = await gateway.refund({ ...request, refundId: "ref_2", amount: 1_600 });
  expect(tooMuch).toMatchObject({ state: "failed", failureCode: "refund_amount_exceeded" });
});

describe("faults", () => {
  const captures = "/v2/payments/authorizations/*/capture";

  test("a capture that was answered with a 500 took the money, and reading finds it at once", async () => {
    const reference = await authorised();
    await simulator.steer("faults", { error_500: { path: captures, effect: true } });
    expect((await gateway.capture("pay_1", reference)).state).toBe("captured");
  });

  test("a capture whose 500 is kept under its key is made again under the next, once", async () => {
    const reference = await authorised();
    await simulator.steer("faults", { error_500: { path: captures, stored: true } });
    expect(await gateway.capture("pay_1", reference)).toMatchObject({
      state: "captured",
      capturedAmount: 2_599,
    });
  });

  test("a refund that was answered with a 500 is given once", async () => {
    const reference = await authorised();
    await gateway.capture("pay_1", reference);
    for (const effect of [true, false]) {
      await simulator.steer("faults", { error_500: { path: "/v2/payments/captures/*/refund", effect } });
      const request = { refundId: `ref_${effect}`, reference, amount: 500, currency: "USD" };
      expect((await gateway.refund(request)).state).toBe("succeeded");
    }
    expect((await gateway.read(reference)).facts.refundedAmount).toBe(1_000);
  });

  test("a lost reply leaves the outcome unknown, and reading finds it", async () => {
    const reference = await authorised();
    await simulator.steer("faults", { lose_reply: { path: captures } });
    expect(await codeOf(gateway.capture("pay_1", reference))).toBe("payment_outcome_unknown");
    expect((await gateway.read(reference)).facts.state).toBe("captured");
  });

  test("an authorisation whose reply was lost is found on the second try", async () => {
    const reference = await approved();
    await simulator.steer("faults", { lose_reply: { path: "/v2/checkout/orders/*/authorize" } });
    expect(await codeOf(gateway.completeAuthorisation(reference))).toBe("payment_outcome_unknown");
    expect((await gateway.completeAuthorisation(reference)).facts.state).toBe("authorised");
  });

  test("nobody at PayPal's address leaves the outcome unknown", async () => {
    const unreachable = paypalPayments(
      createPaypal({ ...CREDENTIALS, merchantId: "NOBODY", apiUrl: "http://127.0.0.1:1" }),
    );
    expect(await codeOf(unreachable.authorise(REQUEST))).toBe("payment_outcome_unknown");
  });

  test("PayPal being away once spoils no later call", async () => {
    const first = await startSimulator();
    const { port } = new URL(first.url);
    await first.stop();
    const patient = paypalPayments(createPaypal(first.settings));
    expect(await codeOf(patient.authorise(REQUEST))).toBe("payment_outcome_unknown");
    const again = await startSimulator({ port: Number(port), stateFolder: first.stateFolder });
    expect((await patient.authorise(REQUEST)).facts.state).toBe("requires_action");
    await again.stopAndForget();
  });

  test("calls that begin together each get their answer", async () => {
    const fresh = paypalPayments(createPaypal(simulator.settings));
    const attempts = ["pay_1", "pay_2", "pay_3"];
    const made = await Promise.all(attempts.map((attemptId) => fresh.authorise({ ...REQUEST, attemptId })));
    expect(made.map(({ facts }) => facts.attemptId)).toEqual(attempts);
  });

  test("a payment that its buyer never approved is forgotten by PayPal", async () => {
    const { facts } = await gateway.authorise(REQUEST);
    await simulator.steer("clock", { advance_seconds: 3 * 60 * 60 });
    expect(await codeOf(gateway.read(facts.reference))).toBe("not_found");
  });

  test("a revoked access token is replaced without anybody noticing", async () => {
    const reference = await authorised();
    await simulator.steer("tokens/revoke", {});
    expect(await gateway.capture("pay_1", reference)).toMatchObject({ state: "captured" });
  });
});

test.each([
  [2_599, "USD", "25.99"],
  [5, "EUR", "0.05"],
  [1_200, "JPY", "1200"],
  [120_000, "TWD", "1200"],
])("%i minor units of %s are %s to PayPal, and back", (minor, currency, value) => {
  expect(paypalValue(minor, currency)).toBe(value);
  expect(minorUnitsOfPaypal(value, currency)).toBe(minor);
});

test("a fraction that PayPal cannot express is refused", () => {
  expect(() => paypalValue(120_050, "TWD")).toThrow(AppError);
  expect(() => minorUnitsOfPaypal("1.005", "USD")).toThrow(RangeError);
});
