import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refusalOf, type Simulator, startSimulator } from "./stripe-simulator.ts";

const CARD = { currency: "usd", allowed_payment_method_types: ["card"] };
const MANUAL = { ...CARD, capture_method: "manual" as const, confirm: true, payment_method: "pm_card_visa" };

describe("payment intents", () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator();
  });
  afterAll(() => simulator.stopAndForget());

  test("a card that is authorised now is captured later, and the shop's balance shows it", async () => {
    const { client } = simulator;
    const reserved = await client.paymentIntents.create({
      ...MANUAL,
      amount: 5_000,
      metadata: { order: "7" },
    });
    expect(reserved).toMatchObject({
      status: "requires_capture",
      amount_capturable: 5_000,
      amount_received: 0,
    });

    const paid = await client.paymentIntents.capture(reserved.id, {
      expand: ["latest_charge.balance_transaction"],
    });
    expect(paid).toMatchObject({
      status: "succeeded",
      amount_capturable: 0,
      amount_received: 5_000,
      metadata: { order: "7" },
      latest_charge: {
        captured: true,
        payment_method_details: { card: { brand: "visa", last4: "4242" } },
        balance_transaction: { amount: 5_000, fee: 175, net: 4_825, type: "charge" },
      },
    });
    const balance = await client.balance.retrieve();
    expect(balance.pending).toContainEqual({ amount: 4_825, currency: "usd", source_types: { card: 4_825 } });
  });

  test("a partial capture releases the rest", async () => {
    const { client } = simulator;
    const { id } = await client.paymentIntents.create({ ...MANUAL, amount: 5_000 });
    const paid = await client.paymentIntents.capture(id, {
      amount_to_capture: 3_000,
      expand: ["latest_charge"],
    });
    expect(paid.amount_received).toBe(3_000);
    expect(paid.latest_charge).toMatchObject({
      amount: 5_000,
      amount_captured: 3_000,
      amount_refunded: 2_000,
    });
    const refusal = await refusalOf(client.paymentIntents.capture(id));
    expect(refusal).toMatchObject({ statusCode: 400, code: "payment_intent_unexpected_state" });
    expect(refusal.payment_intent?.id).toBe(id);
  });

  test("no more than the reserved amount can be captured", async () => {
    const { client } = simulator;
    const { id } = await client.paymentIntents.create({ ...MANUAL, amount: 5_000 });
    const refusal = await refusalOf(client.paymentIntents.capture(id, { amount_to_capture: 5_001 }));
    expect(refusal).toMatchObject({ code: "amount_too_large", param: "amount_to_capture" });
  });

  test("the buyer confirms with the publishable key and the client secret, and sees nothing of the shop's notes", async () => {
    const { client, buyer } = simulator;
    const intent = await client.paymentIntents.create({
      amount: 900,
      currency: "eur",
      metadata: { margin: "300" },
    });
    expect(intent.status).toBe("requires_payment_method");
    const secret = { client_secret: intent.client_secret ?? "" };
    const confirmed = await buyer.paymentIntents.confirm(intent.id, {
      payment_method: "pm_card_visa",
      ...secret,
    });
    expect(confirmed.status).toBe("succeeded");
    expect(confirmed).not.toHaveProperty("metadata");
    const seen = await buyer.paymentIntents.retrieve(intent.id, secret);
    expect(seen.status).toBe("succeeded");
  });

  test("a publishable key opens nothing without the client secret", async () => {
    const { client, buyer } = simulator;
    const { id } = await client.paymentIntents.create({ amount: 900, currency: "eur" });
    const wrong = { payment_method: "pm_card_visa", client_secret: `${id}_secret_guess` };
    expect(await refusalOf(buyer.paymentIntents.confirm(id, wrong))).toMatchObject({
      param: "client_secret",
    });
    expect(await refusalOf(buyer.paymentIntents.retrieve(id))).toMatchObject({ param: "client_secret" });
    expect(await refusalOf(buyer.paymentIntents.list())).toMatchObject({
      statusCode: 401,
      code: "secret_key_required",
    });
  });

  test.each([
    ["pm_card_chargeDeclined", "card_declined", "generic_decline"],
    ["pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"],
    ["pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"],
    ["pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"],
  ])("%s is declined with %s / %s and leaves a failed charge", async (sentinel, code, declineCode) => {
    const { client } = simulator;
    const { id } = await client.paymentIntents.create({ ...CARD, amount: 1_000 });
    const refusal = await refusalOf(client.paymentIntents.confirm(id, { payment_method: sentinel }));
    expect(refusal).toMatchObject({
      type: "StripeCardError",
      statusCode: 402,
      code,
      decline_code: declineCode,
    });
    const intent = await client.paymentIntents.retrieve(id, { expand: ["latest_charge"] });
    expect(intent).toMatchObject({
      status: "requires_payment_method",
      payment_method: null,
      last_payment_error: { code, decline_code: declineCode },
      latest_charge: { status: "failed", paid: false },
    });
    const paid = await client.paymentIntents.confirm(id, { payment_method: "pm_card_mastercard" });
    expect(paid).toMatchObject({ status: "succeeded", last_payment_error: null });
  });

  test.each([
    ["approve", "succeeded", "succeeded"],
    ["fail", "failed", "requires_payment_method"],
  ])("a buyer who chooses %s on the bank's page comes back with %s", async (outcome, told, status) => {
    const { client } = simulator;
    const intent = await client.paymentIntents.create({
      ...CARD,
      amount: 1_000,
      confirm: true,
      payment_method: "pm_card_authenticationRequired",
      return_url: "https://shop.example/return?order=7",
    });
    expect(intent).toMatchObject({ status: "requires_action", next_action: { type: "redirect_to_url" } });
    const bankPage = intent.next_action?.redirect_to_url?.url ?? "";
    expect(await (await fetch(bankPage)).text()).toContain("$10.00");
    const body = new URLSearchParams({ outcome });
    const back = await fetch(bankPage, { method: "POST", body, redirect: "manual" });
    const location = new URL(back.headers.get("location") ?? "");
    expect(location.searchParams.get("order")).toBe("7");
    expect(location.searchParams.get("redirect_status")).toBe(told);
    expect((await client.paymentIntents.retrieve(intent.id)).status).toBe(status);
  });

  test("a payment while the buyer is away cannot ask for authentication", async () => {
    const call = simulator.client.paymentIntents.create({
      ...CARD,
      amount: 1_000,
      confirm: true,
      off_session: true,
      payment_method: "pm_card_authenticationRequired",
    });
    expect(await refusalOf(call)).toMatchObject({ statusCode: 402, code: "authentication_required" });
  });

  test("a processing payment succeeds once its time has come", async () => {
    const { client, steer } = simulator;
    const payment_method = "pm_card_simulatorProcessing";
    const { id, status } = await client.paymentIntents.create({
      ...CARD,
      amount: 1_000,
      confirm: true,
      payment_method,
    });
    expect(status).toBe("processing");
    await steer("clock", { advance_seconds: 60 });
    expect((await client.paymentIntents.retrieve(id)).status).toBe("succeeded");
  });

  test("an authorisation that nobody captures is gone after seven days", async () => {
    const { client, steer } = simulator;
    const { id } = await client.paymentIntents.create({ ...MANUAL, amount: 5_000 });
    await steer("clock", { advance_seconds: 7 * 24 * 60 * 60 });
    const intent = await client.paymentIntents.retrieve(id, { expand: ["latest_charge"] });
    expect(intent).toMatchObject({
      status: "canceled",
      cancellation_reason: "automatic",
      amount_capturable: 0,
      latest_charge: { refunded: true, captured: false },
    });
    expect(await refusalOf(client.paymentIntents.capture(id))).toMatchObject({
      code: "payment_intent_unexpected_state",
    });
  });

  test("cancelling releases the reserved money, and a paid intent cannot be cancelled", async () => {
    const { client } = simulator;
    const { id } = await client.paymentIntents.create({ ...MANUAL, amount: 5_000 });
    const canceled = await client.paymentIntents.cancel(id, { cancellation_reason: "abandoned" });
    expect(canceled).toMatchObject({
      status: "canceled",
      cancellation_reason: "abandoned",
      amount_capturable: 0,
    });
    const paid = await client.paymentIntents.create({
      ...MANUAL,
      amount: 5_000,
      capture_method: "automatic",
    });
    expect(await refusalOf(client.paymentIntents.cancel(paid.id))).toMatchObject({
      code: "payment_intent_unexpected_state",
    });
  });

  test("a person pays on the pay page", async () => {
    const { client, url } = simulator;
    const intent = await client.paymentIntents.create({ ...CARD, amount: 1_234 });
    const payPage = `${url}/pay/${intent.client_secret}`;
    expect(await (await fetch(payPage)).text()).toContain("Pay $12.34");
    await fetch(payPage, { method: "POST", body: new URLSearchParams({ payment_method: "pm_card_visa" }) });
    expect((await client.paymentIntents.retrieve(intent.id)).status).toBe("succeeded");
    expect(await (await fetch(url)).text()).toContain(intent.id);
  });
});
