import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import type { Order } from "../buying.ts";
import { type Bookkeeper, type Figures, openBooks, patience } from "./bookkeeper.ts";

let books: Bookkeeper;
beforeAll(async () => {
  books = await openBooks();
});
afterEach(() => hearAgain());
afterAll(() => books.close());

const hearAgain = () =>
  Promise.all([
    books.steer("stripe", "faults", { drop_webhooks: false }),
    books.steer("paypal", "faults", { drop_webhooks: false }),
  ]);

async function paid(price?: number): Promise<{ order: Order; intent: string }> {
  const order = await books.order(price);
  const { attempt, intent } = await books.startPayment(order);
  await books.buyer.payWith(attempt);
  await books.eventually(order, "paid");
  return { order, intent };
}

/** Paid by the buyer's confirmation alone: of what the provider says seconds later nothing is heard, either. */
function paidUnheard(order: Order): Promise<void> {
  return vi.waitFor(async () => {
    await books.buyer.confirm(order);
    expect((await books.buyer.readOrder(order)).status).toBe("paid");
  }, patience);
}

async function kindsOf(reference: string) {
  return (await books.differencesOf(reference)).map(({ kind, status }) => `${kind} ${status}`).toSorted();
}

function pagesOf({ lists }: Figures, provider: string, list: string): number | undefined {
  return lists.find((each) => each.provider === provider && each.list === list)?.pages;
}

test("a payment whose reference we never heard of, captured without our knowing, is found and settled", async () => {
  const order = await books.order(2000);
  await books.silence("stripe");
  await books.steer("stripe", "faults", {
    lose_reply: { path: "/v1/payment_intents", method: "POST", times: 2 },
  });
  expect((await books.buyer.startPayment(order)).status).toBe(502);
  await books.leaveAlone(order);
  const { data } = await books.stripe.paymentIntents.list({ limit: 100 });
  const intent = data.find(({ metadata }) => metadata["order_id"] === order.id)?.id ?? "";
  await books.stripe.paymentIntents.confirm(intent, {
    payment_method: "pm_card_visa",
    return_url: "https://shop.example",
  });
  await books.stripe.paymentIntents.capture(intent);
  await books.reconcile();
  expect((await books.buyer.readOrder(order)).status).toBe("paid");
  expect(await kindsOf(intent)).toEqual(["missing_capture mended", "unlinked_payment mended"]);
  expect(await books.postingsOf(order)).toEqual({ "receivable:stripe": 2000, sales: -2000 });
});

test("a refund in Stripe's dashboard whose event was dropped is booked, once", async () => {
  const { order, intent } = await paid(2000);
  await books.silence("stripe");
  await books.stripe.refunds.create({ payment_intent: intent, amount: 700 });
  await books.reconcile();
  await books.reconcile();
  expect((await books.buyer.readOrder(order)).status).toBe("partially_refunded");
  expect(await kindsOf(intent)).toEqual(["missing_refund mended"]);
  expect(await books.postingsOf(order)).toEqual({
    "receivable:stripe": 1300,
    refunds: 700,
    sales: -2000,
  });
});

test("a dispute whose event was dropped is recorded", async () => {
  const order = await books.order(2100);
  const { attempt } = await books.startPayment(order);
  await books.silence("stripe");
  await books.buyer.payWith(attempt, "pm_card_createDispute");
  await paidUnheard(order);
  await books.steer("stripe", "clock", { advance_seconds: 6 });
  await books.reconcile();
  const history = (await books.buyer.readHistory(order)).map(({ type }) => type);
  expect(history.filter((type) => type === "order.disputed")).toHaveLength(1);
  expect(await kindsOf(order.id)).toEqual(["missing_dispute mended"]);
});

const Closed = z.object({ status: z.string(), note: z.string() });

test("a payment that is not ours is listed once and never touched, and stays closed when staff close it", async () => {
  const { id } = await books.stripe.paymentIntents.create({
    amount: 4400,
    currency: "usd",
    confirm: true,
    payment_method: "pm_card_visa",
    allowed_payment_method_types: ["card"],
  });
  await books.reconcile();
  await books.reconcile();
  const [found, ...others] = await books.differencesOf(id);
  expect(others).toEqual([]);
  expect(found).toMatchObject({ kind: "foreign_payment", status: "open", theirs: { amount: 4400 } });
  const close = (note: string) =>
    books.shop.request(`/admin/payment-differences/${found?.id}/close`, {
      method: "POST",
      token: books.admin,
      json: { note },
      headers: { "idempotency-key": randomUUID() },
    });
  expect((await close("the market stall's terminal")).as(Closed)).toMatchObject({ status: "closed" });
  await books.reconcile();
  expect(await kindsOf(id)).toEqual(["foreign_payment closed"]);
  expect(await books.stripe.paymentIntents.retrieve(id)).toMatchObject({ status: "succeeded", metadata: {} });
  expect((await books.stripe.refunds.list({ payment_intent: id })).data).toEqual([]);
});

test("a captured payment that its provider does not know is reported, and the report ends when it is found", async () => {
  const { order, intent } = await paid();
  const move = (reference: string) =>
    books.inDatabase(
      `update payment_attempts set provider_reference = $2, updated_at = now() - interval '1 day' where order_id = $1`,
      [order.id, reference],
    );
  await books.inDatabase("delete from payment_sightings");
  await move("pi_gone");
  await books.reconcile();
  expect(await kindsOf("pi_gone")).toEqual(["missing_at_provider open"]);
  expect((await books.buyer.readOrder(order)).status).toBe("paid");
  // The payment itself names an attempt that has another one.
  expect(await kindsOf(intent)).toEqual(["unknown_payment open"]);
  await move(intent);
  await books.inDatabase(
    "update payment_suspects set provider_reference = $1 where subject = 'payment:pi_gone'",
    [intent],
  );
  await books.reconcile();
  expect(await kindsOf(intent)).toEqual(["unknown_payment vanished"]);
});

test("books that contradict themselves are reported until they are right again", async () => {
  const { order } = await paid(1900);
  const capture = (amount: number) =>
    books.inDatabase(
      "update payment_attempts set captured_amount = $2, updated_at = now() where order_id = $1",
      [order.id, amount],
    );
  await capture(1800);
  await books.reconcile();
  expect(await books.differencesOf(order.id)).toMatchObject([
    { kind: "books_differ", status: "open", ours: { amount: 1900 }, theirs: { amount: 1800 } },
  ]);
  await capture(1900);
  await books.reconcile();
  expect(await kindsOf(order.id)).toEqual(["books_differ vanished"]);
});

/** Payments that nobody paid fill the lists. */
async function fillLists(count: number): Promise<void> {
  for (let made = 0; made < count; made++)
    await books.stripe.paymentIntents.create({ amount: 100, currency: "usd" });
}

test("a walk that dies after a page is resumed there, and its finds are settled once", async () => {
  const { order, intent } = await paid(2000);
  await fillLists(105);
  await books.silence("stripe");
  await books.stripe.refunds.create({ payment_intent: intent, amount: 500 });
  await books.untilRested();
  const listed = () => books.callsOf("stripe", "GET", /^\/v1\/payment_intents$/);
  const before = await listed();
  const second = books.gate.stopAt({
    moment: "before_service",
    fits: ({ path }) => path.startsWith("/v1/payment_intents?") && path.includes("starting_after"),
  });
  await books.start();
  await second.reached;
  await books.stack.kill("worker", "SIGKILL");
  second.lift();
  // As if a minute had passed: the dead walker's lease is over.
  await books.inDatabase("update reconciliation_feeds set leased_until = now()");
  await books.stack.restart("worker");
  const figures = await books.untilRested();
  const pages = pagesOf(figures, "stripe", "payments") ?? 0;
  expect(pages).toBeGreaterThanOrEqual(2);
  expect((await listed()) - before).toBe(pages);
  expect((await books.buyer.readOrder(order)).status).toBe("partially_refunded");
  expect(await books.postingsOf(order)).toMatchObject({ refunds: 500 });
  expect(await kindsOf(intent)).toEqual(["missing_refund mended"]);
});

test("runs at once share the work: every page is read once, and what is found is booked once", async () => {
  const { order, intent } = await paid(2000);
  await books.silence("stripe");
  await books.stripe.refunds.create({ payment_intent: intent, amount: 300 });
  await books.untilRested();
  const listed = () => books.callsOf("stripe", "GET", /^\/v1\/payment_intents$/);
  const before = await listed();
  await books.inDatabase("update reconciliation_feeds set asked_by = 'test' where provider = 'stripe'");
  const deliveries = Array.from({ length: 5 }, () =>
    fetch(`${books.services.queue}/v2/publish/${books.api}/jobs/reconciliation`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${LOCAL_CREDENTIALS.queueToken}`,
        "content-type": "application/json",
      },
      body: "{}",
    }),
  );
  for (const { status } of await Promise.all(deliveries)) expect(status).toBeLessThan(300);
  const figures = await books.untilRested();
  expect((await listed()) - before).toBe(pagesOf(figures, "stripe", "payments"));
  expect(await books.postingsOf(order)).toMatchObject({ refunds: 300 });
  expect(await kindsOf(intent)).toEqual(["missing_refund mended"]);
});

test("comparing what agrees costs one call a page and none a payment", async () => {
  await books.reconcile();
  const calls = () => books.callsOf("stripe", "GET", /./);
  const before = await calls();
  const figures = await books.reconcile();
  const pages = ["payments", "movements", "disputes"].map((list) => pagesOf(figures, "stripe", list) ?? 0);
  const open = await books.inDatabase("select 1 from payment_suspects where provider = 'stripe'");
  expect(open).toEqual([]);
  expect((await calls()) - before).toBe(pages.reduce((sum, count) => sum + count, 0));
});

test("what happened at PayPal without our knowing is found: a capture, a refund and a dispute", async () => {
  const { paypalDesk } = books;
  const order = await books.order(1500);
  await books.silence("paypal");
  await paypalDesk.approve(order, "dispute@buyer.example");
  await paidUnheard(order);
  const captureId = await paypalDesk.captureOf(order);
  await paypalDesk.ask("POST", `/v2/payments/captures/${captureId}/refund`, {
    amount: { currency_code: "USD", value: "4.00" },
  });
  await books.steer("paypal", "clock", { advance_seconds: 10 });

  const unheard = await books.order(1600);
  await paypalDesk.approve(unheard);
  await books.leaveAlone(unheard);
  await paypalDesk.take(unheard);

  await books.reconcile();
  expect(await kindsOf(order.id)).toEqual(["missing_dispute mended", "missing_refund mended"]);
  expect((await books.buyer.readOrder(order)).status).toBe("partially_refunded");
  expect(await books.postingsOf(order)).toEqual({ "receivable:paypal": 1100, refunds: 400, sales: -1500 });
  expect((await books.buyer.readHistory(order)).map(({ type }) => type)).toContain("order.disputed");
  expect(await kindsOf(unheard.id)).toEqual(["missing_capture mended"]);
  expect((await books.buyer.readOrder(unheard)).status).toBe("paid");
});

test("what PayPal reports late is found by the next walk, which begins before the last one's end", async () => {
  const { paypalDesk } = books;
  const order = await books.order(1500);
  await paypalDesk.approve(order);
  await books.eventually(order, "paid");
  const captureId = await paypalDesk.captureOf(order);
  await books.silence("paypal");
  await books.steer("paypal", "reporting", { lag_seconds: 3_600 });
  await paypalDesk.ask("POST", `/v2/payments/captures/${captureId}/refund`, {});
  await books.reconcile();
  expect((await books.buyer.readOrder(order)).status).toBe("paid");
  await books.steer("paypal", "reporting", { lag_seconds: 0 });
  await books.reconcile();
  expect((await books.buyer.readOrder(order)).status).toBe("refunded");
});

test("a provider that is away is tried again, and its fault is shown meanwhile", async () => {
  await books.steer("paypal", "faults", {
    error_500: { path: "/v1/reporting/transactions", times: 1_000_000, stored: false },
  });
  await books.start();
  await vi.waitFor(async () => {
    const { lists } = await books.figures();
    expect(lists.find(({ provider, list }) => provider === "paypal" && list === "movements")).toMatchObject({
      last_error: expect.stringContaining("PayPal"),
    });
  }, patience);
  await books.steer("paypal", "faults", { error_500: null });
  const figures = await books.reconcile();
  expect(figures.lists.map(({ last_error: fault }) => fault)).toEqual(figures.lists.map(() => null));
});
