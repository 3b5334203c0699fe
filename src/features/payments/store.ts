import { type Column, type SQL, and, eq, inArray, isNull, lt, or, sql } from "drizzle-orm";
import type { PaymentFacts, PaymentProvider } from "#core/payment-facts";
import type { Context } from "#platform/context";
import { findInHomes, livesHere, orderHomes, ordersAt, takeFromEveryHome } from "#platform/order-homes";
import type { PaymentAttempt } from "./attempts.ts";
import { type AttemptStatus, checkTimes, openAttemptStatuses } from "./rules.ts";
import { paymentAttempts } from "./tables.ts";

export type NewAttempt = Pick<PaymentAttempt, "id" | "orderId" | "provider" | "amount" | "currency">;

export function insertAttempt(context: Context, attempt: NewAttempt) {
  return ordersAt(context, attempt.orderId)
    .insert(paymentAttempts)
    .values({ ...attempt, status: "creating" });
}

/** A bank transfer or cash: there is no provider to be asked, and the attempt is its own reference. */
export function insertPromise(context: Context, attempt: Omit<NewAttempt, "provider">) {
  return ordersAt(context, attempt.orderId)
    .insert(paymentAttempts)
    .values({ ...attempt, provider: "manual", status: "pending", providerReference: attempt.id });
}

export type AttemptChange = {
  status: AttemptStatus;
  reference?: string;
  capturedAmount?: number;
  failureCode?: string | undefined;
  /** Staff decided that it is its order's. */
  accepted?: true;
};

/** Moves an attempt, guarded by the version that was read: a lost race rolls the whole transaction back. */
export function changeAttempt(context: Context, attempt: PaymentAttempt, change: AttemptChange) {
  const reference = change.reference ?? attempt.providerReference;
  const failureCode = change.failureCode ?? attempt.failureCode;
  const nextCheckAt = change.status === "cancelled" ? nextCheck(sql`now()`) : sql`next_check_at`;
  return ordersAt(context, attempt.orderId).execute(sql`
    with changed as (
      update payment_attempts set status = ${change.status}, provider_reference = ${reference},
        captured_amount = ${change.capturedAmount ?? attempt.capturedAmount}, failure_code = ${failureCode},
        accepted_at = case when ${change.accepted === true} then coalesce(accepted_at, now()) else accepted_at end,
        next_check_at = ${nextCheckAt}, version = version + 1, updated_at = now()
      where id = ${attempt.id} and version = ${attempt.version} returning 1)
    select expect_rows((select count(*) from changed), 1)`);
}

/** When the sweep asks again for what began then. */
export function nextCheck(since: Column | SQL): SQL {
  const { pauseMsMin, pauseShare } = checkTimes;
  return sql`now() + greatest(make_interval(secs => ${pauseMsMin / 1000}), (now() - ${since}) * ${pauseShare}::float8)`;
}

/** Only PayPal lets buyers approve what we have ended; it forgets in a day what nobody approved. */
const isWatchedAfterItsEnd = sql`${paymentAttempts.status} = 'cancelled' and ${paymentAttempts.provider} = 'paypal'
  and ${paymentAttempts.createdAt} > now() - interval '1 day'
  and ${paymentAttempts.updatedAt} > now() - make_interval(secs => ${checkTimes.closedWatchMs / 1000})`;

/** Takes attempts whose check is due and puts their next check off, so that two sweeps never ask for the same. */
export async function takeDueAttempts(
  context: Context,
  rowsMax: number,
): Promise<{ id: string; orderId: string }[]> {
  return takeFromEveryHome(context, (database) => {
    const due = database
      .select({ id: paymentAttempts.id })
      .from(paymentAttempts)
      .where(
        and(
          or(inArray(paymentAttempts.status, [...openAttemptStatuses]), isWatchedAfterItsEnd),
          lt(paymentAttempts.nextCheckAt, sql`now()`),
        ),
      )
      .orderBy(paymentAttempts.nextCheckAt)
      .limit(rowsMax)
      .for("update", { skipLocked: true });
    return database
      .update(paymentAttempts)
      .set({
        nextCheckAt: nextCheck(sql`case when status = 'cancelled' then updated_at else created_at end`),
      })
      .where(inArray(paymentAttempts.id, due))
      .returning({ id: paymentAttempts.id, orderId: paymentAttempts.orderId });
  });
}

/** The attempt that an event is about: by the provider's id, or by ours when that was not stored yet. */
export async function findAttempt(
  context: Context,
  provider: PaymentProvider,
  facts: Pick<PaymentFacts, "reference" | "attemptId">,
): Promise<PaymentAttempt | undefined> {
  const byReference = eq(paymentAttempts.providerReference, facts.reference);
  const byId = and(isNull(paymentAttempts.providerReference), eq(paymentAttempts.id, facts.attemptId ?? ""));
  return findInHomes(orderHomes(context), (database) =>
    database
      .select()
      .from(paymentAttempts)
      .where(
        and(
          eq(paymentAttempts.provider, provider),
          sql`(${byReference} or ${byId})`,
          livesHere(context, paymentAttempts.orderId),
        ),
      ),
  );
}
