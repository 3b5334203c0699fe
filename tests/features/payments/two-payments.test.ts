import { expect, test, vi } from "vitest";
import { z } from "zod";
import { Attempt as StripeAttempt, type Order } from "../../buying.ts";
import { inDatabase } from "../../in-database.ts";
import {
  PaypalAttempt,
  approve,
  buyer,
  eventually,
  newOrder,
  patience,
  paymentsAt,
  startPaypal,
  takeAt,
} from "./paypal-buyer.ts";

const Problem = z.object({ code: z.string() });

/** Has the sweep look after a payment whose webhooks were lost. */
async function hurrySweep(attemptId: string): Promise<void> {
  await inDatabase("update payment_attempts set next_check_at = now() where id = $1", [attemptId]);
}

async function postingsOf(order: Order): Promise<Record<string, number>> {
  const rows = await inDatabase(
    "select account, sum(amount)::int as sum from money_ledger where order_id = $1 group by account",
    [order.id],
  );
  const sums = z.array(z.object({ account: z.string(), sum: z.int() })).parse(rows);
  return Object.fromEntries(sums.map(({ account, sum }) => [account, sum]));
}

async function openBoth() {
  const { order } = await newOrder();
  const paypal = (await startPaypal(order)).as(PaypalAttempt);
  const stripe = (await buyer.startPayment(order)).as(StripeAttempt);
  await approve(paypal.approve_url);
  return { order, paypal, stripe };
}

test("a buyer who turns from PayPal to Stripe and finishes both pays through Stripe only", async () => {
  const { order, paypal, stripe } = await openBoth();
  await buyer.payWith(stripe);
  await eventually(order, "paid");
  expect((await buyer.readOrder(order)).payment?.provider).toBe("stripe");
  expect((await paymentsAt(paypal.approve_url)).authorizations).toEqual([]);
});

test("a buyer who turns from Stripe to PayPal can no longer pay through Stripe", async () => {
  const { order } = await newOrder();
  const stripe = (await buyer.startPayment(order)).as(StripeAttempt);
  const paypal = (await startPaypal(order)).as(PaypalAttempt);
  expect((await buyer.payWith(stripe)).status).toBe(400);
  await approve(paypal.approve_url);
  await eventually(order, "paid");
  expect((await buyer.readOrder(order)).payment?.provider).toBe("paypal");
});

test("a buyer who has paid through Stripe already is not asked to pay through PayPal", async () => {
  const { order } = await newOrder();
  await buyer.authorise(order);
  const late = await startPaypal(order);
  expect(late.as(Problem).code).toBe("invalid_transition");
  await eventually(order, "paid");
});

test.each(["before", "after"] as const)(
  "a second authorisation at PayPal is given back, %s the first payment is done",
  async (when) => {
    const { order, paypal, stripe } = await openBoth();
    if (when === "after") await buyer.payWith(stripe);
    if (when === "after") await eventually(order, "paid");
    await takeAt(paypal.approve_url, "authorise");
    await vi.waitFor(async () => {
      const [authorization] = (await paymentsAt(paypal.approve_url)).authorizations;
      expect(authorization?.status).toBe("VOIDED");
    }, patience);
    if (when === "before") await buyer.payWith(stripe);
    await eventually(order, "paid");
    expect(await postingsOf(order)).toEqual({ "receivable:stripe": 1500, sales: -1500 });
  },
);

test.each(["before", "after"] as const)(
  "money taken twice goes back once, %s the first payment is done, and the books show it",
  async (when) => {
    const { order, paypal, stripe } = await openBoth();
    if (when === "after") await buyer.payWith(stripe);
    if (when === "after") await eventually(order, "paid");
    await takeAt(paypal.approve_url, "capture");
    await hurrySweep(paypal.attempt_id);
    await vi.waitFor(async () => {
      const [capture] = (await paymentsAt(paypal.approve_url)).captures;
      expect(capture?.status).toBe("REFUNDED");
    }, patience);
    if (when === "before") await buyer.payWith(stripe);
    await eventually(order, "paid");
    await vi.waitFor(
      async () =>
        expect(await postingsOf(order)).toEqual({
          "receivable:stripe": 1500,
          "receivable:paypal": 0,
          sales: -3000,
          refunds: 1500,
        }),
      patience,
    );
    expect(await buyer.readOrder(order)).toMatchObject({ status: "paid", payment: { provider: "stripe" } });
  },
);

test("money that PayPal took for a cancelled order of two payments goes back", async () => {
  const { order, paypal } = await openBoth();
  await buyer.cancel(order);
  await takeAt(paypal.approve_url, "capture");
  await hurrySweep(paypal.attempt_id);
  await vi.waitFor(async () => {
    const [capture] = (await paymentsAt(paypal.approve_url)).captures;
    expect(capture?.status).toBe("REFUNDED");
  }, patience);
  expect((await buyer.readOrder(order)).status).toBe("cancelled");
});

test("a second authorisation at Stripe is given back, however late it comes", async () => {
  const { order } = await newOrder();
  const stripe = (await buyer.startPayment(order)).as(StripeAttempt);
  // As if Stripe had confirmed an end that it did not carry out.
  await inDatabase("update payment_attempts set status = 'cancelled' where id = $1", [stripe.attempt_id]);
  const paypal = (await startPaypal(order)).as(PaypalAttempt);
  await approve(paypal.approve_url);
  await eventually(order, "paid");
  await buyer.payWith(stripe);
  await vi.waitFor(async () => {
    const again = await buyer.payWith(stripe);
    expect(again.status).toBe(400);
  }, patience);
  expect(await postingsOf(order)).toEqual({ "receivable:paypal": 1500, sales: -1500 });
});
