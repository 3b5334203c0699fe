import { afterAll, beforeAll, expect, test } from "vitest";
import { refusalOf, type Simulator, startSimulator } from "./stripe-simulator.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.stopAndForget());

function pay(amount: number, paymentMethod = "pm_card_visa") {
  return simulator.client.paymentIntents.create({
    amount,
    currency: "usd",
    allowed_payment_method_types: ["card"],
    payment_method: paymentMethod,
    confirm: true,
  });
}

function idOf(reference: string | { id: string } | null): string {
  return typeof reference === "string" ? reference : (reference?.id ?? "");
}

async function eventTypesAbout(id: string): Promise<string[]> {
  const { data } = await simulator.client.events.list({ limit: 100 });
  return data.filter(({ data: { object } }) => "id" in object && object.id === id).map(({ type }) => type);
}

test("partial refunds add up to what was paid and never beyond", async () => {
  const { client } = simulator;
  const { id, latest_charge: charge } = await pay(1_000);
  await client.refunds.create({ payment_intent: id, amount: 400, metadata: { line: "1" } });
  const tooMuch = client.refunds.create({ payment_intent: id, amount: 601 });
  expect(await refusalOf(tooMuch)).toMatchObject({ statusCode: 400, param: "amount" });
  const rest = await client.refunds.create({ payment_intent: id, reason: "requested_by_customer" });
  expect(rest).toMatchObject({ amount: 600, status: "succeeded", charge, payment_intent: id });
  expect(await refusalOf(client.refunds.create({ payment_intent: id }))).toMatchObject({
    code: "charge_already_refunded",
  });
  const refunded = await client.charges.retrieve(idOf(charge), { expand: ["refunds"] });
  expect(refunded).toMatchObject({ refunded: true, amount_refunded: 1_000 });
  expect(refunded.refunds?.data).toHaveLength(2);
  expect((await client.refunds.list({ payment_intent: id })).data).toHaveLength(2);
});

test("only the captured part can be refunded", async () => {
  const { client } = simulator;
  const intent = await client.paymentIntents.create({
    amount: 5_000,
    currency: "usd",
    capture_method: "manual",
    confirm: true,
    payment_method: "pm_card_visa",
  });
  const early = await refusalOf(client.refunds.create({ payment_intent: intent.id }));
  expect(early).toMatchObject({ statusCode: 400, param: "payment_intent" });
  await client.paymentIntents.capture(intent.id, { amount_to_capture: 3_000 });
  const tooMuch = client.refunds.create({ payment_intent: intent.id, amount: 3_001 });
  expect(await refusalOf(tooMuch)).toMatchObject({ param: "amount" });
  expect((await client.refunds.create({ payment_intent: intent.id })).amount).toBe(3_000);
});

test("a pending refund succeeds later", async () => {
  const { client, steer } = simulator;
  const { id } = await pay(1_000, "pm_card_pendingRefund");
  const refund = await client.refunds.create({ payment_intent: id });
  expect(refund.status).toBe("pending");
  await steer("clock", { advance_seconds: 60 });
  expect((await client.refunds.retrieve(refund.id)).status).toBe("succeeded");
  expect(await eventTypesAbout(refund.id)).toEqual([
    "charge.refund.updated",
    "refund.updated",
    "refund.created",
  ]);
});

test("a refund that fails gives the money back to the shop's balance", async () => {
  const { client, steer } = simulator;
  const { id, latest_charge: charge } = await pay(1_000, "pm_card_refundFail");
  const refund = await client.refunds.create({ payment_intent: id });
  await steer("clock", { advance_seconds: 60 });
  const failed = await client.refunds.retrieve(refund.id, { expand: ["failure_balance_transaction"] });
  expect(failed).toMatchObject({ status: "failed", failure_balance_transaction: { amount: 1_000 } });
  expect(await client.charges.retrieve(idOf(charge))).toMatchObject({
    refunded: false,
    amount_refunded: 0,
  });
  expect(await eventTypesAbout(refund.id)).toContain("refund.failed");
});

test("a card's refund cannot be cancelled", async () => {
  const { client } = simulator;
  const { id } = await pay(1_000);
  const refund = await client.refunds.create({ payment_intent: id });
  expect(await refusalOf(client.refunds.cancel(refund.id))).toMatchObject({ statusCode: 400 });
});

test("a disputed charge loses its money until the evidence wins it back", async () => {
  const { client, steer } = simulator;
  const { id, latest_charge: charge } = await pay(2_000, "pm_card_createDispute");
  await steer("clock", { advance_seconds: 60 });
  const [dispute] = (await client.disputes.list({ payment_intent: id })).data;
  expect(dispute).toMatchObject({ status: "needs_response", reason: "fraudulent", amount: 2_000, charge });
  expect(dispute?.balance_transactions).toMatchObject([{ amount: -2_000, fee: 1_500 }]);
  expect(await client.charges.retrieve(idOf(charge))).toMatchObject({ disputed: true });
  expect(await refusalOf(client.refunds.create({ payment_intent: id }))).toMatchObject({
    code: "charge_disputed",
  });

  const won = await client.disputes.update(dispute?.id ?? "", {
    evidence: { uncategorized_text: "winning_evidence" },
  });
  expect(won).toMatchObject({ status: "won" });
  expect(won.balance_transactions).toHaveLength(2);
});
