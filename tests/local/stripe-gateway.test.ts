import { afterAll, beforeAll, expect, test } from "vitest";
import { createStripe } from "#providers/stripe";
import { stripePayments } from "#providers/stripe-payments";
import { SECRET_KEY, type Simulator, WEBHOOK_SECRET, startSimulator } from "./stripe-simulator.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.stopAndForget());

test("who asks for a capture that another is still making is told to come again, not that its outcome is unknown", async () => {
  const { client, url, steer } = simulator;
  const stripe = createStripe({ secretKey: SECRET_KEY, webhookSecret: WEBHOOK_SECRET, apiUrl: url });
  const gateway = stripePayments(stripe, { mode: "test", account: null });
  const { id } = await client.paymentIntents.create({
    amount: 1_000,
    currency: "usd",
    capture_method: "manual",
    payment_method: "pm_card_visa",
    confirm: true,
    return_url: "https://shop.example/thanks",
  });
  // Longer than Stripe's client waits before it tries once more by itself.
  await steer("faults", { delay_ms: 6_000 });
  const outcomes = await Promise.allSettled([gateway.capture("pay_1", id), gateway.capture("pay_1", id)]);
  expect(outcomes.toSorted((one, other) => one.status.localeCompare(other.status))).toMatchObject([
    { status: "fulfilled", value: { state: "captured", capturedAmount: 1_000 } },
    { status: "rejected", reason: { code: "dependency_unavailable" } },
  ]);
});
