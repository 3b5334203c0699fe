import { and, asc, gte, isNull } from "drizzle-orm";
import { epochMs, toTimestamp } from "#core/time";
import type { PaymentProvider } from "#core/payment-facts";
import type { Context } from "#platform/context";
import { paymentEvents } from "./tables.ts";

/** Failed tries after which a payment event is shown to people; the sweep goes on trying all the same. */
const failuresShown = 5;

export type FailingPaymentEvent = {
  id: string;
  provider: PaymentProvider;
  provider_event_id: string;
  type: string;
  subject: string | null;
  attempts: number;
  last_error: string | null;
  since: string;
};

/** Payment events that keep failing, oldest first. */
export async function listFailingPaymentEvents(
  context: Context,
  rowsMax: number,
): Promise<FailingPaymentEvent[]> {
  const rows = await context.databases.primary
    .select()
    .from(paymentEvents)
    .where(and(isNull(paymentEvents.processedAt), gte(paymentEvents.attempts, failuresShown)))
    .orderBy(asc(paymentEvents.receivedAt))
    .limit(rowsMax);
  return rows.map((row) => ({
    id: row.id,
    provider: row.provider,
    provider_event_id: row.providerEventId,
    type: row.type,
    subject: row.providerReference,
    attempts: row.attempts,
    last_error: row.lastError,
    since: toTimestamp(epochMs(row.receivedAt.getTime())),
  }));
}
