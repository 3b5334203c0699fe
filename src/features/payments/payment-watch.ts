import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import type { Database } from "#platform/database";
import { livesHere, readEveryHome, takeFromEveryHome } from "#platform/order-homes";
import type { PaymentWatchWire } from "./watch-schema.ts";

/** After so long an order whose payment is in doubt is reported: the sweep has tried in vain, or staff have not looked. */
export const lastingSeconds = { payment_unknown: 15 * 60, payment_review: 60 * 60 } as const;

/** Orders reported in one sweep; the others follow in the next. */
const reportedMax = 50;

/** Orders whose payment is in doubt, and since when: what brought them there is the last such entry of their history. */
export const doubtful = (isHere: SQL) => sql`
  select o.id as order_id, o.status::text as status, max(entry.at) as since,
    case o.status when 'payment_unknown' then ${lastingSeconds.payment_unknown}::int
      else ${lastingSeconds.payment_review}::int end as lasting_seconds
  from orders o join order_events entry on entry.order_id = o.id and entry.type = 'order.' || o.status::text
  where o.status in ('payment_unknown', 'payment_review') and ${isHere}
  group by o.id`;

const Reported = z.array(z.object({ order_id: z.string(), status: z.string() }));

/**
 * Tells the error tracker of orders whose payment has been in doubt for too long: each once, for the note that it was
 * told comes first.
 * @returns how many were reported.
 */
export async function reportLastingDoubts(context: Context): Promise<number> {
  const reported = await takeFromEveryHome(context, async (database) => {
    const { rows } = await database.execute(sql`
      insert into payment_alerts (order_id, status, since)
      select order_id, status, since from (${doubtful(livesHere(context, sql`o.id`))}) doubt
      where since < now() - make_interval(secs => lasting_seconds)
        and not exists (select 1 from payment_alerts alert where alert.order_id = doubt.order_id
          and alert.status = doubt.status and alert.since = doubt.since)
      order by since limit ${reportedMax}
      on conflict do nothing returning order_id, status`);
    return Reported.parse(rows);
  });
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
type Standing = z.infer<typeof Standing>;
const Figures = z.object({
  unknown: Standing,
  review: Standing,
  refused_events: z.coerce.number(),
  failed_refunds: z.coerce.number(),
});
type Figures = z.infer<typeof Figures>;

/** How many payments wait for the provider's word or a person's, and for how long the oldest has. */
export async function readPaymentWatch(context: Context): Promise<PaymentWatchWire> {
  const [figures, ...others] = await readEveryHome(context, (database) => readFigures(context, database));
  if (figures === undefined) throw new Error("there is no database of orders");
  const { unknown, review, refused_events, failed_refunds } = others.reduce(addFigures, figures);
  return {
    payment_unknown: standingOf(unknown, lastingSeconds.payment_unknown),
    payment_review: standingOf(review, lastingSeconds.payment_review),
    refused_events_today: refused_events,
    failed_refunds,
  };
}

/** What one database tells; events are in the primary alone, and none in any other. */
async function readFigures(context: Context, database: Database): Promise<Figures[]> {
  const { rows } = await database.execute(sql`
    with doubt as materialized (${doubtful(livesHere(context, sql`o.id`))}), figures as (
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
        and ${livesHere(context, sql`failed.order_id`)}
        and not exists (select 1 from refunds retry where retry.request_key = 'retry ' || failed.id))
        as failed_refunds`);
  const none = { orders: 0, lasting: 0, oldest: 0 };
  return rows.map((row) =>
    Figures.parse({ ...row, unknown: row["unknown"] ?? none, review: row["review"] ?? none }),
  );
}

function addFigures(sum: Figures, each: Figures): Figures {
  return {
    unknown: addStandings(sum.unknown, each.unknown),
    review: addStandings(sum.review, each.review),
    refused_events: sum.refused_events + each.refused_events,
    failed_refunds: sum.failed_refunds + each.failed_refunds,
  };
}

function addStandings(a: Standing, b: Standing): Standing {
  return {
    orders: a.orders + b.orders,
    lasting: a.lasting + b.lasting,
    oldest: Math.max(a.oldest, b.oldest),
  };
}

function standingOf({ orders, lasting, oldest }: Standing, lastingAfter: number) {
  return { orders, lasting, oldest_seconds: oldest, lasting_after_seconds: lastingAfter };
}
