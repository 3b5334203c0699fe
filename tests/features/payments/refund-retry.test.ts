import { Stripe } from "stripe";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { inDatabase } from "../../in-database.ts";
import { adminToken, request, stack } from "../../stack.ts";
import { open } from "./claim-cases.ts";
import { eventually, patience } from "./paypal-buyer.ts";
import { distort, steer, tell } from "./steering.ts";

const { hostname: host, port } = new URL(stack().services.stripe);
const stripe = new Stripe(LOCAL_CREDENTIALS.stripeSecretKey, { host, port, protocol: "http" });
const signedIn = adminToken();
const Problem = z.object({ code: z.string() });
const Refund = z.object({ id: z.string(), status: z.string(), origin: z.string(), order_id: z.string() });
const Refunds = z.object({ data: z.array(Refund) });

const retry = async (refundId: string) =>
  request(`/admin/refunds/${refundId}/retry`, { method: "POST", token: await signedIn });

async function refundsOf(orderId: string) {
  const answer = await request(`/admin/refunds?order_id=${orderId}`, { token: await signedIn });
  return answer.as(Refunds).data;
}

/** Money of a rejected payment that Stripe would not give back. */
async function failedSurplus() {
  const opened = await open.stripe();
  const claims = { metadata: { order_id: "ord_another" } };
  await tell("stripe", { event_type: "payment_intent.processing", object: opened.payment, claims });
  await eventually(opened.order, "payment_review");
  await opened.pay();
  const { latest_charge: charge } = await stripe.paymentIntents.capture(opened.payment);
  const chargeId = typeof charge === "string" ? charge : (charge?.id ?? "");
  await distort("stripe", chargeId, { captured: false });
  await request(`/admin/orders/${opened.order.id}/payment-review`, {
    method: "POST",
    token: await signedIn,
    json: { decision: "reject", note: "not ours" },
  });
  await vi.waitFor(
    async () => expect((await refundsOf(opened.order.id)).map(({ status }) => status)).toEqual(["failed"]),
    patience,
  );
  const [refund] = await refundsOf(opened.order.id);
  return { ...opened, chargeId, refundId: refund?.id ?? "" };
}

const balances = async (orderId: string) =>
  inDatabase(
    "select account, sum(amount)::int as sum from money_ledger where order_id = $1 group by account order by 1",
    [orderId],
  );

test("money that failed to go back is listed, and goes back once when staff retry, however often", async () => {
  const { order, refundId, chargeId, payment } = await failedSurplus();
  expect((await retry(refundId)).as(Refund)).toMatchObject({ status: "failed", origin: "system" });
  const again = (await refundsOf(order.id))[0]?.id ?? "";
  expect(again).not.toBe(refundId);
  await distort("stripe", chargeId, { captured: true });
  const answers = await Promise.all([retry(again), retry(again), retry(again)]);
  const granted = answers.filter(({ status }) => status === 200).map((answer) => answer.as(Refund).id);
  expect(new Set(granted).size).toBe(1);
  await vi.waitFor(
    async () =>
      expect((await refundsOf(order.id)).map(({ status }) => status)).toEqual([
        "succeeded",
        "failed",
        "failed",
      ]),
    patience,
  );
  const { data } = await stripe.refunds.list({ payment_intent: payment });
  expect(data.map(({ amount }) => amount)).toEqual([1500]);
  expect(await balances(order.id)).toEqual([
    { account: "receivable:stripe", sum: 0 },
    { account: "refunds", sum: 1500 },
    { account: "sales", sum: -1500 },
  ]);
  expect((await retry(granted[0] ?? "")).as(Problem).code).toBe("invalid_transition");
});

test("money that went back in the dashboard meanwhile is not given again", async () => {
  const { order, refundId, chargeId, payment } = await failedSurplus();
  await distort("stripe", chargeId, { captured: true });
  await stripe.refunds.create({ payment_intent: payment });
  await vi.waitFor(
    async () =>
      expect((await refundsOf(order.id)).map(({ origin }) => origin)).toEqual(["provider", "system"]),
    patience,
  );
  expect((await retry(refundId)).as(Problem).code).toBe("refund_exceeds_payment");
});

test("a retry whose answer is lost is finished by itself, once", async () => {
  const { order, refundId, chargeId, payment } = await failedSurplus();
  await distort("stripe", chargeId, { captured: true });
  await steer("stripe", "strikes", {
    fault: "lose_reply",
    path: "/v1/refunds",
    method: "POST",
    containing: payment,
    times: 2,
  });
  expect((await retry(refundId)).as(Problem).code).toBe("payment_outcome_unknown");
  await inDatabase("update refunds set next_check_at = now() where order_id = $1", [order.id]);
  await vi.waitFor(
    async () =>
      expect((await refundsOf(order.id)).map(({ status }) => status)).toEqual(["succeeded", "failed"]),
    patience,
  );
  expect((await stripe.refunds.list({ payment_intent: payment })).data).toHaveLength(1);
});
