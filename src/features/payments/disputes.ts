import { and, desc, eq, lt, sql } from "drizzle-orm";
import { bigint, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import { newIdBeside } from "#core/ids";
import type { DisputeFacts, PaymentProvider } from "#core/payment-facts";
import { epochMs, toTimestamp } from "#core/time";
import { changeOrderStatements } from "#features/orders/change-order";
import { type Order, loadOrder } from "#features/orders/load-order";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { livesHere, orderHomes, ordersAt, readMerged } from "#platform/order-homes";
import { disputeFactsOf } from "./dispute-facts.ts";
import { recordReport } from "./dispute-recording.ts";
import type { DisputeWire } from "./schema.ts";
import type { PaymentEvent } from "./event-store.ts";

const moment = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

const disputes = pgTable("disputes", {
  id: text().primaryKey(),
  orderId: text("order_id").notNull(),
  attemptId: text("attempt_id").notNull(),
  provider: text().notNull(),
  providerReference: text("provider_reference").notNull(),
  status: text({ enum: ["open", "won", "lost"] }).notNull(),
  amount: bigint({ mode: "number" }).notNull(),
  currency: text().notNull(),
  reason: text().notNull(),
  reportedAt: moment("reported_at").notNull(),
  createdAt: moment("created_at").notNull().defaultNow(),
});

/** The payment attempt that is disputed. */
type Disputed = { readonly id: string; readonly orderId: string };

/** Records what an event says of a dispute, once, with the order's history; see {@link recordReport}. */
export async function recordDispute(context: Context, event: PaymentEvent, attempt: Disputed): Promise<void> {
  const facts = disputeFactsOf(event.provider, event.payload);
  if (facts === undefined) return;
  const { provider, occurredAt: reportedAt } = event;
  await recordDisputeFacts(context, { provider, facts, reportedAt }, attempt);
}

/** What is told of a dispute, by an event or by the provider's own records. */
type DisputeReport = {
  readonly provider: PaymentProvider;
  readonly facts: DisputeFacts;
  readonly reportedAt: Date;
};

/** The same for what the provider's own records say. */
export async function recordDisputeFacts(
  context: Context,
  report: DisputeReport,
  attempt: Disputed,
): Promise<void> {
  const { provider, facts, reportedAt } = report;
  const database = ordersAt(context, attempt.orderId);
  const ofThis = and(eq(disputes.provider, provider), eq(disputes.providerReference, facts.reference));
  await recordReport<Order, typeof disputes.$inferSelect>(
    {
      load: () => loadOrder(context, attempt.orderId),
      find: async () => (await database.select().from(disputes).where(ofThis))[0],
      store: (order, known) => storeReport(context, report, { order, known, attemptId: attempt.id }),
    },
    facts,
    reportedAt,
  );
}

type Disputing = {
  order: Order;
  known: typeof disputes.$inferSelect | undefined;
  attemptId: string;
};

async function storeReport(
  context: Context,
  { provider, facts, reportedAt }: DisputeReport,
  { order, known, attemptId }: Disputing,
): Promise<boolean> {
  const database = ordersAt(context, order.id);
  const { reference, status, amount, currency, reason } = facts;
  const id = known?.id ?? newIdBeside("dispute", context.now(), order.id);
  const row = {
    id,
    orderId: order.id,
    attemptId,
    provider,
    providerReference: reference,
    status,
    amount,
    currency,
    reason,
    reportedAt,
  };
  try {
    await transact(database, [
      ...changeOrderStatements(context, order, {
        transition: undefined,
        event: "order.disputed",
        data: { dispute_id: id, status, amount, currency, reason },
      }),
      database
        .insert(disputes)
        .values(row)
        .onConflictDoUpdate({
          target: [disputes.provider, disputes.providerReference],
          set: { status: sql`excluded.status`, reportedAt: sql`excluded.reported_at` },
        }),
    ]);
  } catch (error) {
    if (lostRace(error)) return false;
    throw error;
  }
  context.wakeOutbox();
  return true;
}

/** A page of disputes, newest first; the id of the last one is the cursor. */
export async function listDisputes(
  context: Context,
  page: { limit: number; after?: string | undefined },
): Promise<{ data: DisputeWire[]; has_more: boolean; next_cursor: string | null }> {
  const rowsMax = page.limit + 1;
  const rows = await readMerged(orderHomes(context), { rowsMax }, (database) =>
    database
      .select()
      .from(disputes)
      .where(
        and(
          page.after === undefined ? undefined : lt(disputes.id, page.after),
          livesHere(context, disputes.orderId),
        ),
      )
      .orderBy(desc(disputes.id))
      .limit(rowsMax),
  );
  const data = rows.slice(0, page.limit).map((row) => ({
    id: row.id,
    order_id: row.orderId,
    provider: row.provider,
    status: row.status,
    amount: { amount: row.amount, currency: row.currency },
    reason: row.reason,
    reported_at: toTimestamp(epochMs(row.reportedAt.getTime())),
  }));
  const hasMore = rows.length > page.limit;
  return { data, has_more: hasMore, next_cursor: hasMore ? (data.at(-1)?.id ?? null) : null };
}
