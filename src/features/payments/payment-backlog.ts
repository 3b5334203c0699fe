import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";

const eventsCountedMax = 10_000;

const Backlog = z.object({ events: z.coerce.number(), seconds: z.coerce.number() });

/** Payment events that are stored and not acted on, and the age of the oldest. Counts no further than a limit. */
export async function readPaymentBacklog(context: Context): Promise<z.infer<typeof Backlog>> {
  const { rows } = await context.databases.primary.execute(sql`
    select
      (select count(*) from (select from payment_events where processed_at is null limit ${eventsCountedMax}) as counted)
        as events,
      coalesce((select extract(epoch from now() - received_at) from payment_events where processed_at is null
        order by received_at limit 1), 0) as seconds`);
  return Backlog.parse(rows[0]);
}
