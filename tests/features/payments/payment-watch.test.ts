import { expect, test, vi } from "vitest";
import { z } from "zod";
import { inDatabase } from "../../in-database.ts";
import { adminToken, request, stack } from "../../stack.ts";
import { type Opened, open } from "./claim-cases.ts";
import { eventually, patience } from "./paypal-buyer.ts";
import { tell } from "./steering.ts";

const Standing = z.object({ orders: z.int(), lasting: z.int(), oldest_seconds: z.int() });
const Watch = z.object({
  payment_unknown: Standing,
  payment_review: Standing,
  refused_events_today: z.int(),
});
const Reports = z.object({
  events: z.array(z.object({ tags: z.record(z.string(), z.string()).nullable() })),
});

async function parkedOrder(): Promise<Opened> {
  const opened = await open.stripe();
  const claims = { metadata: { order_id: "ord_another" } };
  await tell("stripe", { event_type: "payment_intent.processing", object: opened.payment, claims });
  await eventually(opened.order, "payment_review");
  return opened;
}

async function reportsOf(orderId: string): Promise<string[]> {
  const { events } = Reports.parse(await (await fetch(`${stack().services.sentry}/events`)).json());
  return events.flatMap(({ tags }) => (tags?.["order_id"] === orderId ? [tags["order_status"] ?? ""] : []));
}

const inDoubtFor = (orderId: string, pause: string) =>
  inDatabase("update order_events set at = now() - $2::interval where order_id = $1", [orderId, pause]);

test("an order in review is counted at once, and reported once when nobody has looked for an hour", async () => {
  const token = await adminToken();
  const { order } = await parkedOrder();
  const early = (await request("/admin/payment-watch", { token })).as(Watch);
  expect(early.payment_review.orders).toBeGreaterThanOrEqual(1);
  expect(early.refused_events_today).toBeGreaterThanOrEqual(1);
  expect(await reportsOf(order.id)).toEqual([]);
  await inDoubtFor(order.id, "2 hours");
  const late = (await request("/admin/payment-watch", { token })).as(Watch);
  expect(late.payment_review.lasting).toBeGreaterThanOrEqual(1);
  expect(late.payment_review.oldest_seconds).toBeGreaterThanOrEqual(7200);
  await vi.waitFor(async () => expect(await reportsOf(order.id)).toEqual(["payment_review"]), patience);
  // A whole sweep later, told by another order that was reported after it.
  const next = await parkedOrder();
  await inDoubtFor(next.order.id, "2 hours");
  await vi.waitFor(async () => expect(await reportsOf(next.order.id)).toEqual(["payment_review"]), patience);
  expect(await reportsOf(order.id)).toEqual(["payment_review"]);
});

test("an order whose payment nobody knows of is reported after a quarter of an hour", async () => {
  const { order } = await open.stripe();
  // As if sight had been lost and the provider had never answered since.
  await inDatabase("update orders set status = 'payment_unknown', version = version + 1 where id = $1", [
    order.id,
  ]);
  await inDatabase(
    `insert into order_events (order_id, sequence, id, type, data, actor, at)
      values ($1, 2, $2, 'order.payment_unknown', '{}', 'system', now() - interval '16 minutes')`,
    [order.id, `oev_${order.id}`],
  );
  await vi.waitFor(async () => expect(await reportsOf(order.id)).toEqual(["payment_unknown"]), patience);
});
