import { expect, test, vi } from "vitest";
import { z } from "zod";
import { askPaypal, buyer, newOrder, patience } from "./paypal-buyer.ts";
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
const paid = rests.paid("paypal");

const Payments = z.object({
  purchase_units: z.tuple([
    z.object({
      payments: z.object({
        authorizations: z.array(z.object({ status: z.string() })).default([]),
        captures: z.array(z.object({ id: z.string() })).default([]),
      }),
    }),
  ]),
});

async function paymentsOf(payment: string) {
  const order = Payments.parse(await askPaypal("GET", `/v2/checkout/orders/${payment}`));
  return order.purchase_units[0].payments;
}

test.concurrent.each(everyBreakdown)(
  "PayPal's creation of a payment: %s, and the order is paid once",
  async (how) => {
    const placed = await newOrder();
    await breakCall("paypal", how, { path: "/v2/checkout/orders", containing: placed.order.id });
    const bought = await startPaying("paypal", placed);
    await bought.pay();
    await expectRest(bought, paid);
  },
);

test.concurrent.each(everyBreakdown)(
  "PayPal's authorisation: %s, and the order is paid once",
  async (how) => {
    const bought = await purchase("paypal");
    await breakCall("paypal", how, { path: `/v2/checkout/orders/${bought.payment}/authorize` });
    await bought.pay();
    await expectRest(bought, paid);
    expect((await paymentsOf(bought.payment)).authorizations).toHaveLength(1);
  },
);

test.concurrent.each(everyBreakdown)("PayPal's capture: %s, and the order is paid once", async (how) => {
  const bought = await purchase("paypal");
  const path = "/v2/payments/authorizations/*/capture";
  await breakCall("paypal", how, { path, containing: bought.attemptId });
  await bought.pay();
  await expectRest(bought, paid);
  expect((await paymentsOf(bought.payment)).captures).toHaveLength(1);
});

test.concurrent.each(everyBreakdown)(
  "PayPal's void: %s, and nothing stays reserved for a cancelled order",
  async (how) => {
    const bought = await purchase("paypal");
    await cancel(bought);
    const path = "/v2/payments/authorizations/*/void";
    await breakCall("paypal", how, { path, containing: bought.attemptId });
    await bought.pay();
    await askPaypal("POST", `/v2/checkout/orders/${bought.payment}/authorize`);
    await expectRest(bought, rests.cancelled());
    await vi.waitFor(
      async () =>
        expect((await paymentsOf(bought.payment)).authorizations).toEqual([
          expect.objectContaining({ status: "VOIDED" }),
        ]),
      patience,
    );
  },
);

test.concurrent.each(everyBreakdown)("PayPal's refund: %s, and the money goes back once", async (how) => {
  const bought = await purchase("paypal");
  await pay(bought);
  const [capture] = (await paymentsOf(bought.payment)).captures;
  await breakCall("paypal", how, { path: `/v2/payments/captures/${capture?.id}/refund` });
  await refund(bought);
  await expectRest(bought, rests.refunded("paypal"));
});

test.concurrent.each(newsRows("paypal"))("PayPal's news %s", async (_what, misbehave, rest) => {
  const bought = await purchase("paypal");
  await misbehave(bought);
  await expectRest(bought, rest);
});

test("while PayPal does not say whether it has reserved the money, the order says so, and is paid afterwards", async () => {
  const bought = await purchase("paypal");
  const path = `/v2/checkout/orders/${bought.payment}/authorize`;
  await steer("paypal", "strikes", { fault: "error_500", path, stored: false, effect: false, times: 1000 });
  await bought.pay();
  await vi.waitFor(
    async () => expect((await buyer.readOrder(bought.order)).status).toBe("payment_unknown"),
    patience,
  );
  expect((await buyer.confirm(bought.order)).status).toBe(202);
  await steer("paypal", "strikes/lift", { containing: bought.payment });
  await expectRest(bought, paid);
});
