import { expect, test, vi } from "vitest";
import { inDatabase } from "../../in-database.ts";
import { buyer, newOrder, patience } from "./paypal-buyer.ts";
import {
  type Breakdown,
  breakCall,
  breakdowns,
  cancel,
  expectRest,
  newsRows,
  pay,
  purchase,
  refund,
  rests,
  startPaying,
} from "./misbehaviours.ts";
import { steer } from "./steering.ts";

const everyBreakdown = Object.keys(breakdowns) as Breakdown[];
const paid = rests.paid("stripe");

test.concurrent.each(everyBreakdown)(
  "Stripe's creation of a payment: %s, and the order is paid once",
  async (how) => {
    const placed = await newOrder();
    await breakCall("stripe", how, { path: "/v1/payment_intents", containing: placed.order.id });
    const bought = await startPaying("stripe", placed);
    await bought.pay();
    await expectRest(bought, paid);
  },
);

test.concurrent.each(everyBreakdown)("Stripe's capture: %s, and the order is paid once", async (how) => {
  const bought = await purchase("stripe");
  await breakCall("stripe", how, { path: `/v1/payment_intents/${bought.payment}/capture` });
  await bought.pay();
  await expectRest(bought, paid);
});

test.concurrent.each(everyBreakdown)("Stripe's cancellation: %s, and the order is cancelled", async (how) => {
  const bought = await purchase("stripe");
  await breakCall("stripe", how, { path: `/v1/payment_intents/${bought.payment}/cancel` });
  await cancel(bought);
  await expectRest(bought, rests.cancelled());
  expect(await bought.pay()).toEqual({ status: 400 });
});

test.concurrent.each(everyBreakdown)("Stripe's refund: %s, and the money goes back once", async (how) => {
  const bought = await purchase("stripe");
  await pay(bought);
  await breakCall("stripe", how, { path: "/v1/refunds", containing: bought.payment });
  await refund(bought);
  await expectRest(bought, rests.refunded("stripe"));
});

test.concurrent.each(newsRows("stripe"))("Stripe's news %s", async (_what, misbehave, rest) => {
  const bought = await purchase("stripe");
  await misbehave(bought);
  await expectRest(bought, rest);
});

test("while Stripe does not say whether it has made a payment, the order says so, and goes on afterwards", async () => {
  const placed = await newOrder();
  const { id } = placed.order;
  await steer("stripe", "strikes", {
    fault: "error_500",
    path: "/v1/payment_intents",
    containing: id,
    stored: false,
    effect: true,
    times: 1000,
  });
  expect((await buyer.startPayment(placed.order)).status).toBe(502);
  expect((await buyer.readOrder(placed.order)).status).toBe("payment_unknown");
  const read = "select status, provider_reference from payment_attempts where order_id = $1";
  expect(await inDatabase(read, [id])).toEqual([{ status: "unknown", provider_reference: null }]);
  expect((await buyer.confirm(placed.order)).status).toBe(202);
  await steer("stripe", "strikes/lift", { containing: id });
  await vi.waitFor(async () => {
    await buyer.confirm(placed.order);
    expect((await buyer.readOrder(placed.order)).status).toBe("pending_payment");
  }, patience);
  const bought = await startPaying("stripe", placed);
  await bought.pay();
  await expectRest(bought, paid);
});
