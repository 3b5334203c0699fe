import { type SQL, and, asc, eq, inArray, isNull, lt, sql } from "drizzle-orm";
import type { Contradiction } from "#core/payment-claims";
import type { PaymentProvider } from "#core/payment-facts";
import type { Context } from "#platform/context";
import { type Database, committingLazily, transact } from "#platform/database";
import { findInHomes, livesHere, otherOrderHomes } from "#platform/order-homes";
import type { PaymentAttempt } from "./attempts.ts";
import { contradictionsOfEvent, foreignClaimsOf } from "./event-claims.ts";
import { eventTimes } from "./event-processing.ts";
import { isOfInterest, isReflected } from "./event-types.ts";
import { withoutPersonalMembers } from "./personal-members.ts";
import { paymentAttempts, paymentEvents } from "./tables.ts";

export type PaymentEvent = typeof paymentEvents.$inferSelect;
type VerifiedEvent = Omit<typeof paymentEvents.$inferInsert, "processedAt" | "contradictions">;

/**
 * Stores a verified event once, without what it tells of a person; its repetition changes nothing. One that can change
 * nothing for us is stored as done, and so is one of another account or mode, with what it says of that.
 * @returns whether it is to be acted on.
 */
export async function storePaymentEvent(context: Context, event: VerifiedEvent): Promise<boolean> {
  const { primary } = context.databases;
  const { provider, type } = event;
  const foreign = foreignClaimsOf(context, event);
  const matters = isOfInterest(provider, type) && foreign.length === 0;
  if (foreign.length > 0)
    context.log("warn", "an event of another account or mode is not acted on", { provider });
  const [[stored], [attempt]] = await transact(primary, [
    primary
      .insert(paymentEvents)
      .values({
        ...event,
        payload: withoutPersonalMembers(event.payload),
        ...(matters ? {} : { processedAt: new Date(context.now()) }),
        ...(foreign.length > 0 ? { contradictions: foreign } : {}),
      })
      .onConflictDoNothing({ target: [paymentEvents.provider, paymentEvents.providerEventId] })
      .returning({ id: paymentEvents.id }),
    selectAttempt(context, primary, { provider, reference: sql`${event.providerReference ?? null}` }),
  ]);
  if (!matters || stored === undefined || !isNoNews(event, attempt)) return matters;
  context.afterResponse(markEventsProcessed(context, [stored.id]));
  return false;
}

/** Our own capture is reported back to us: by then the books have it mostly, and there is nothing to act on. */
function isNoNews(event: VerifiedEvent, attempt: PaymentAttempt | undefined): boolean {
  if (attempt === undefined || !isReflected(event.provider, event.type, attempt.status)) return false;
  return contradictionsOfEvent(event, attempt).length === 0;
}

function selectAttempt(
  context: Context,
  database: Database,
  { provider, reference }: { provider: PaymentProvider; reference: SQL },
) {
  return database
    .select()
    .from(paymentAttempts)
    .where(
      and(
        eq(paymentAttempts.provider, provider),
        sql`${paymentAttempts.providerReference} = ${reference}`,
        livesHere(context, paymentAttempts.orderId),
      ),
    );
}

const afterDelivery = sql`now() + make_interval(secs => ${eventTimes.deliveryMsMax / 1000})`;

/**
 * Takes an event that waits, all others of its payment that wait, and the attempt with that payment's reference, in one
 * round trip. Two deliveries may take the same events: acting on them is repeatable, and a crash costs no waiting.
 */
export async function takeWaitingEvents(
  context: Context,
  provider: PaymentProvider,
  providerEventId: string,
): Promise<{ events: PaymentEvent[]; attempt: PaymentAttempt | undefined }> {
  const { primary } = context.databases;
  const named = sql`select id, provider_reference from payment_events
    where provider = ${provider} and provider_event_id = ${providerEventId} and processed_at is null`;
  const ofPayment = sql`select id from payment_events
    where provider = ${provider} and processed_at is null
      and provider_reference = (select provider_reference from (${named}) named)`;
  // Arrays are looked up by the key whatever the planner thinks of the table; locks are taken in one order by all.
  const waiting = sql`array(select id from payment_events
    where id = any(array(select id from (${named}) named union ${ofPayment})) and processed_at is null
    order by id for update)`;
  const [, events, [attempt]] = await transact(primary, [
    primary.execute(committingLazily),
    primary
      .update(paymentEvents)
      .set({ nextTryAt: afterDelivery })
      .where(sql`${paymentEvents.id} = any(${waiting})`)
      .returning(),
    selectAttempt(context, primary, {
      provider,
      reference: sql`(select provider_reference from (${named}) named)`,
    }),
  ]);
  return {
    events: events.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    attempt: attempt ?? (await findElsewhere(context, provider, events)),
  };
}

/** Events are stored in the primary; the payment may live in another database. */
async function findElsewhere(
  context: Context,
  provider: PaymentProvider,
  [event]: readonly PaymentEvent[],
): Promise<PaymentAttempt | undefined> {
  const reference = event?.providerReference;
  if (reference === undefined || reference === null) return undefined;
  return findInHomes(otherOrderHomes(context), (database) =>
    selectAttempt(context, database, { provider, reference: sql`${reference}` }),
  );
}

/** An event whose mark is lost is acted on once more, and finds everything done. */
export async function markEventsProcessed(context: Context, ids: readonly string[]): Promise<void> {
  const { primary } = context.databases;
  await transact(primary, [
    primary.execute(committingLazily),
    primary
      .update(paymentEvents)
      .set({ processedAt: sql`now()`, lastError: null, attempts: sql`attempts + 1` })
      .where(and(inArray(paymentEvents.id, [...ids]), isNull(paymentEvents.processedAt))),
  ]);
}

/** An event that contradicts what we know is done, and kept for people to look at. */
export async function markEventRefused(
  context: Context,
  id: string,
  contradictions: readonly Contradiction[],
): Promise<void> {
  await context.databases.primary
    .update(paymentEvents)
    .set({ processedAt: sql`now()`, lastError: null, attempts: sql`attempts + 1`, contradictions })
    .where(and(eq(paymentEvents.id, id), isNull(paymentEvents.processedAt)));
}

/** Beyond so many doublings the pause has long been the longest. */
const doublingsMax = 12;

/** The sweep tries failed events ever more rarely; the queue's own repetitions go on beside it. */
export async function markEventsFailed(
  context: Context,
  ids: readonly string[],
  error: string,
): Promise<void> {
  const { pauseMsFirst, pauseMsMax } = eventTimes;
  const seconds = sql`least(${pauseMsMax / 1000}::float8, ${pauseMsFirst / 1000}::float8 * power(2, least(attempts, ${doublingsMax})))`;
  await context.databases.primary
    .update(paymentEvents)
    .set({
      lastError: error.slice(0, 500),
      attempts: sql`attempts + 1`,
      nextTryAt: sql`now() + make_interval(secs => ${seconds})`,
    })
    .where(and(inArray(paymentEvents.id, [...ids]), isNull(paymentEvents.processedAt)));
}

/** An event for each payment that is taken care of next. */
type DueEvent = Pick<PaymentEvent, "provider" | "providerEventId" | "providerReference">;

/**
 * Takes events that waited too long, for their publication or their job was lost or failed, and puts their next try off.
 * What has failed comes back ever later, and so stays behind what has not been tried.
 */
export async function takeStrandedEvents(context: Context, rowsMax: number): Promise<DueEvent[]> {
  const { primary } = context.databases;
  const due = primary
    .select({ id: paymentEvents.id })
    .from(paymentEvents)
    .where(and(isNull(paymentEvents.processedAt), lt(paymentEvents.nextTryAt, sql`now()`)))
    .orderBy(asc(paymentEvents.nextTryAt))
    .limit(rowsMax)
    .for("update", { skipLocked: true });
  return primary
    .update(paymentEvents)
    .set({ nextTryAt: afterDelivery })
    .where(inArray(paymentEvents.id, due))
    .returning({
      provider: paymentEvents.provider,
      providerEventId: paymentEvents.providerEventId,
      providerReference: paymentEvents.providerReference,
    });
}

/** Days for which what an event carried is kept after it was acted on, for whoever looks into a fault; rows of one sweep. */
const payloadDays = 30;
const forgetRowsMax = 1_000;

/** Forgets what events carried that were acted on long ago; that they came is remembered, for they may come again. */
export async function forgetPayloads(context: Context): Promise<void> {
  await context.databases.primary.execute(sql`
    update payment_events set payload = '{"forgotten": true}' where id in (
      select id from payment_events
      where processed_at < now() - make_interval(days => ${payloadDays}) and payload <> '{"forgotten": true}'
      order by processed_at limit ${forgetRowsMax})`);
}
