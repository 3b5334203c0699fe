import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import type { PaymentWatchWire } from "./watch-schema.ts";

/** After so long an order whose payment is in doubt is reported: the sweep has tried in vain, or staff have not looked. */
export const lastingSeconds = { payment_unknown: 15 * 60, payment_review: 60 * 60 } as const;

/** Orders reported in one sweep; the others follow in the next. */
const reportedMax = 50;

/** Orders whose payment is in doubt, and since when: what brought them there is the last such entry of their history. */
const doubtful = sql`
  select o.id as order_id, o.status::text as status, max(entry.at) as since,
    case o.status when 'payment_unknown' then ${lastingSeconds.payment_unknown}::int
      else ${lastingSeconds.payment_review}::int end as lasting_seconds
  from orders o join order_events entry on entry.order_id = o.id and entry.type = 'order.' || o.status::text
  where o.status in ('payment_unknown', 'payment_review')
  group by o.id`;

const Reported = z.array(z.object({ order_id: z.string(), status: z.string() }));

/**
 * Tells the error tracker of orders whose payment has been in doubt for too long: each once, for the note that it was
 * told comes first.
 * @returns how many were reported.
 */
export async function reportLastingDoubts(context: Context): Promise<number> {
  const { rows } = await context.databases.primary.execute(sql`
    insert into payment_alerts (order_id, status, since)
    select order_id, status, since from (${doubtful}) doubt
    where since < now() - make_interval(secs => lasting_seconds)
      and not exists (select 1 from payment_alerts alert where alert.order_id = doubt.order_id
        and alert.status = doubt.status and alert.since = doubt.since)
    order by since limit ${reportedMax}
    on conflict do nothing returning order_id, status`);
  const reported = Reported.parse(rows);
  for (const { order_id: orderId, status } of reported) {
    context.log("error", "the payment of an order has been in doubt for too long", { order_id: orderId });
    context.reportError(new Error(`an order has been in ${status} for too long`), {
      job: "payment-watch",
      order_id: orderId,
      order_status: status,
    });
  }
  return reported.length;
}

const Standing = z.object({
  orders: z.coerce.number(),
  lasting: z.coerce.number(),
  oldest: z.coerce.number(),
});
const Figures = z.tuple([
  z.object({
    unknown: Standing,
    review: Standing,
    refused_events: z.coerce.number(),
    failed_refunds: z.coerce.number(),
  }),
]);

/** How many payments wait for the provider's word or a person's, and for how long the oldest has. */
export async function readPaymentWatch(context: Context): Promise<PaymentWatchWire> {
  const { rows } = await context.databases.primary.execute(sql`
    with doubt as materialized (${doubtful}), figures as (
      select status, count(*) as orders,
        count(*) filter (where since < now() - make_interval(secs => lasting_seconds)) as lasting,
        coalesce(extract(epoch from now() - min(since))::bigint, 0) as oldest
      from doubt group by status)
    select
      (select to_jsonb(figures) from figures where status = 'payment_unknown') as unknown,
      (select to_jsonb(figures) from figures where status = 'payment_review') as review,
      (select count(*) from payment_events where contradictions is not null
        and received_at > now() - interval '1 day') as refused_events,
      (select count(*) from refunds failed where failed.status = 'failed' and failed.origin = 'system'
        and not exists (select 1 from refunds retry where retry.request_key = 'retry ' || failed.id))
        as failed_refunds`);
  const none = { orders: 0, lasting: 0, oldest: 0 };
  const [figures] = Figures.parse(
    rows.map((row) => ({ ...row, unknown: row["unknown"] ?? none, review: row["review"] ?? none })),
  );
  return {
    payment_unknown: standingOf(figures.unknown, lastingSeconds.payment_unknown),
    payment_review: standingOf(figures.review, lastingSeconds.payment_review),
    refused_events_today: figures.refused_events,
    failed_refunds: figures.failed_refunds,
  };
}

function standingOf({ orders, lasting, oldest }: z.infer<typeof Standing>, lastingAfter: number) {
  return { orders, lasting, oldest_seconds: oldest, lasting_after_seconds: lastingAfter };
}
