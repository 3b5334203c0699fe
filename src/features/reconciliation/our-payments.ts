import { sql } from "drizzle-orm";
import { z } from "zod";
import { paymentProviders } from "#core/payment-facts";
import type { PaymentHint } from "#core/payment-records";
import { orderTables } from "#features/orders/places";
import { attemptStatuses } from "#features/payments/rules";
import type { Context } from "#platform/context";
import { livesHere, readEveryHome } from "#platform/order-homes";
import type { OurPayment } from "./rules.ts";

/** One of our payments, with a mark that differs after every change of its order or itself. */
export type KnownPayment = OurPayment & { readonly version: string };

const Row = z.object({
  attempt: z.object({
    id: z.string(),
    orderId: z.string(),
    provider: z.enum(paymentProviders),
    status: z.enum(attemptStatuses),
    reference: z.string().nullable(),
    amount: z.int(),
    currency: z.string(),
    capturedAmount: z.int(),
  }),
  isNewest: z.boolean(),
  orderRefunded: z.int(),
  refunds: z.array(
    z.object({
      reference: z.string().nullable(),
      status: z.enum(["pending", "succeeded", "failed"]),
      amount: z.int(),
    }),
  ),
  disputes: z.array(z.object({ reference: z.string(), status: z.enum(["open", "won", "lost"]) })),
  booked: z.object({ captured: z.int(), refunded: z.int(), balance: z.int() }),
  version: z.string(),
});

/** The provider's ids of payments, and ours. */
type Names = {
  readonly references: readonly string[];
  readonly attemptIds: readonly string[];
  readonly disputeIds: readonly string[];
};

export function namesOf(hints: readonly PaymentHint[]): Names {
  return {
    references: [...new Set(hints.flatMap(({ reference }) => reference ?? []))],
    attemptIds: [...new Set(hints.flatMap(({ attemptId }) => attemptId ?? []))],
    disputeIds: [...new Set(hints.flatMap(({ disputeId }) => disputeId ?? []))],
  };
}

/** Reads payments with all that belongs to them in one statement of their database: one snapshot. */
export async function readOurPayments(
  context: Context,
  provider: string,
  { references, attemptIds, disputeIds }: Names,
): Promise<KnownPayment[]> {
  if (references.length + attemptIds.length + disputeIds.length === 0) return [];
  return readEveryHome(context, async (database) => {
    const { rows } = await database.execute(sql`
    select json_build_object('id', a.id, 'orderId', a.order_id, 'provider', a.provider, 'status', a.status,
        'reference', a.provider_reference, 'amount', a.amount, 'currency', a.currency,
        'capturedAmount', a.captured_amount) as attempt,
      a.id = (select max(id) from payment_attempts newest where newest.order_id = a.order_id) as "isNewest",
      o.refunded::float8 as "orderRefunded",
      (select coalesce(json_agg(json_build_object('reference', r.provider_reference, 'status', r.status,
        'amount', r.amount) order by r.id), '[]') from refunds r where r.attempt_id = a.id) as refunds,
      (select coalesce(json_agg(json_build_object('reference', d.provider_reference, 'status', d.status)
        order by d.id), '[]') from disputes d where d.attempt_id = a.id) as disputes,
      (select json_build_object(
          'captured', coalesce(sum(l.amount) filter (where l.transaction_id = 'capture:' || a.id
            and l.account like 'receivable:%'), 0),
          'refunded', coalesce(-sum(l.amount) filter (where l.account like 'receivable:%' and l.transaction_id in
            (select 'refund:' || r.id from refunds r where r.attempt_id = a.id)), 0),
          'balance', coalesce(sum(l.amount), 0))
        from money_ledger l where l.order_id = a.order_id) as booked,
      concat_ws(' ', o.version, a.version, (select count(*) from disputes d where d.attempt_id = a.id)) as version
    from payment_attempts a join ${orderTables.everywhere.orders} o on o.id = a.order_id
    where ${livesHere(context, sql`a.order_id`)} and ((a.provider = ${provider} and a.provider_reference = any(${textArray(references)}))
      or a.id = any(${textArray(attemptIds)})
      or a.id in (select attempt_id from disputes d where d.provider = ${provider}
        and d.provider_reference = any(${textArray(disputeIds)})))`);
    return z.array(Row).parse(rows);
  });
}

function textArray(texts: readonly string[]) {
  return sql`array(select jsonb_array_elements_text(${JSON.stringify(texts)}::jsonb))`;
}

/**
 * The payment of ours that a record names: by the provider's id, else by ours. An attempt that has another payment than
 * the one that names it is not its own.
 */
export function ownerOf(payments: readonly KnownPayment[], hint: PaymentHint): KnownPayment | undefined {
  const { reference, attemptId, disputeId } = hint;
  const byReference = payments.find(
    ({ attempt }) => reference !== undefined && attempt.reference === reference,
  );
  const named = payments.find(({ attempt }) => attempt.id === attemptId);
  const isItsOwn =
    reference === undefined || named?.attempt.reference === null || named?.attempt.reference === reference;
  const disputed = payments.find(({ disputes }) => disputes.some((each) => each.reference === disputeId));
  return byReference ?? (isItsOwn ? named : undefined) ?? disputed;
}
