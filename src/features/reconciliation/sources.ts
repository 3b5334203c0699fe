import { sql } from "drizzle-orm";
import { z } from "zod";
import type { OutsideProvider } from "#core/payment-facts";
import type { PaymentHint, PaymentMode, ProviderRecord } from "#core/payment-records";
import { type EpochMs, dayMs, hourMs } from "#core/time";
import { openAttemptStatuses } from "#features/payments/rules";
import { orderTables } from "#features/orders/places";
import type { Context } from "#platform/context";
import type { Settings } from "#platform/env";
import { livesHere, orderHomes, readMerged } from "#platform/order-homes";
import type { PaymentRecords } from "#providers/payment-records";
import { modeOfStripeKey } from "#providers/stripe";
import { openSubjects, storeFinding } from "./difference-store.ts";
import type { FeedName, ShownPage } from "./feed-store.ts";
import { namesOf, ownerOf, readOurPayments } from "./our-payments.ts";
import { bookDifferences, fingerprintOf, isReflected } from "./rules.ts";
import { readReconciled, suspectOf } from "./suspect-store.ts";
import type { ListPolicy, Place } from "./walk.ts";

/** Something that is walked through in time: a provider's list, or one of our own tables. */
export type Source = FeedName & {
  readonly policy: ListPolicy;
  readonly read: (place: Place) => Promise<ShownPage>;
};

/** All that there is to compare: each provider's lists with our rows, our payments with theirs, our books with themselves. */
export function sourcesOf(context: Context): readonly Source[] {
  const { stripe, paypal } = context.paymentRecords;
  return [
    ...(stripe === undefined ? [] : ofProvider(context, "stripe", stripe)),
    ...(paypal === undefined ? [] : ofProvider(context, "paypal", paypal)),
    { provider: "shop", list: "books", policy: booksPolicy, read: (place) => readBooks(context, place) },
  ];
}

function ofProvider(context: Context, provider: OutsideProvider, records: PaymentRecords): Source[] {
  return [
    ...records.lists.map(({ name: list, ...policy }) => ({
      provider,
      list,
      policy,
      read: (place: Place) => readTheirs(context, { provider, records, list }, place),
    })),
    {
      provider,
      list: "attempts",
      policy: attemptsPolicy,
      read: (place: Place) => readAttempts(context, provider, place),
    },
  ];
}

/** Whose money our key moves; PayPal's keys do not say. */
export function modeOf(settings: Settings, provider: OutsideProvider): PaymentMode | undefined {
  return provider === "stripe" ? modeOfStripeKey(settings.STRIPE_SECRET_KEY) : undefined;
}

type TheirList = { provider: OutsideProvider; records: PaymentRecords; list: string };

/** A page of a provider's list, compared with our rows in one statement. */
async function readTheirs(
  context: Context,
  { provider, records, list }: TheirList,
  { window, cursor }: Place,
): Promise<ShownPage> {
  const page = await records.list(list, { ...window, cursor });
  const ours = await readOurPayments(context, provider, namesOf(page.records.map(hintOf)));
  const mode = modeOf(context.settings, provider);
  const owned = page.records.map((record) => ({ record, owner: ownerOf(ours, hintOf(record)) }));
  const unlike = owned.filter(({ record, owner }) => !isReflected(record, owner, mode));
  const reconciled = await readReconciled(
    context,
    provider,
    unlike.map(({ record }) => fingerprintOf(record)),
  );
  const suspected = unlike.filter(({ record }) => !reconciled.has(fingerprintOf(record)));
  return {
    next: page.next,
    compared: page.records.length,
    seen: [...new Set(owned.flatMap(({ owner }) => owner?.attempt.id ?? []))],
    suspects: suspected.map(({ record, owner }) => {
      const hint = hintOf(record);
      const reference = hint.reference ?? owner?.attempt.reference ?? undefined;
      return suspectOf(provider, { ...hint, reference }, [fingerprintOf(record)]);
    }),
  };
}

function hintOf(record: ProviderRecord): PaymentHint {
  if (record.kind !== "payment") return record.of;
  const { reference, attemptId } = record.payment.facts;
  return { reference, attemptId };
}

const rowsMax = 200;

/** Every walk goes through the attempts of a month. */
const attemptsPolicy = { overlapMs: 30 * dayMs, windowMsMax: 365 * dayMs };
/** What is open longer than any buyer takes is asked for, and what was captured and no list has shown. */
const openHoursMin = 1;
const unseenHoursMax = 6;

const AttemptRow = z.object({ id: z.string(), provider_reference: z.string() });

/** Our payments of which the provider has to tell: those that are not final, and those that it has not shown us. */
async function readAttempts(
  context: Context,
  provider: OutsideProvider,
  { window, cursor }: Place,
): Promise<ShownPage> {
  const found = await readMerged(orderHomes(context), { rowsMax, direction: "before" }, async (database) => {
    const { rows } = await database.execute(sql`
    select a.id, a.provider_reference from payment_attempts a
    where ${livesHere(context, sql`a.order_id`)} and a.provider = ${provider} and a.provider_reference is not null and a.id > ${cursor ?? ""}
      and a.created_at >= ${isoOf(window.from)} and a.created_at < ${isoOf(window.until)}
      and ((a.status in ${openAttemptStatuses} and a.created_at < now() - make_interval(hours => ${openHoursMin}))
        or (a.status = 'captured' and a.updated_at < now() - make_interval(hours => ${unseenHoursMax})
          and not exists (select 1 from payment_sightings seen where seen.attempt_id = a.id)))
    order by a.id limit ${rowsMax}`);
    return z.array(AttemptRow).parse(rows);
  });
  return {
    next: found.length < rowsMax ? undefined : found.at(-1)?.id,
    compared: found.length,
    seen: [],
    suspects: found.map(({ id, provider_reference: reference }) =>
      suspectOf(provider, { reference, attemptId: id }),
    ),
  };
}

/** A change of the books is compared once, and what came while the last walk was under way once more. */
const booksPolicy = { overlapMs: hourMs, windowMsMax: 365 * dayMs };

const BookRow = z.object({ id: z.string() });

/** Per payment: what was captured and given back is booked, and its order's postings sum to zero. */
async function readBooks(context: Context, { window, cursor }: Place): Promise<ShownPage> {
  const open = await openSubjects(context, "books:");
  const found = await readMerged(orderHomes(context), { rowsMax, direction: "before" }, async (database) => {
    const { rows } = await database.execute(sql`
    select a.id from payment_attempts a join ${orderTables.everywhere.orders} o on o.id = a.order_id
    where ${livesHere(context, sql`a.order_id`)} and a.id > ${cursor ?? ""} and ((a.updated_at >= ${isoOf(window.from)} and a.updated_at < ${isoOf(window.until)})
      or (o.updated_at >= ${isoOf(window.from)} and o.updated_at < ${isoOf(window.until)})
      or 'books:' || a.id = any (array(select jsonb_array_elements_text(${JSON.stringify([...open])}::jsonb))))
    order by a.id limit ${rowsMax}`);
    return z.array(BookRow).parse(rows);
  });
  const names = { references: [], disputeIds: [], attemptIds: found.map(({ id }) => id) };
  for (const ours of await readOurPayments(context, "shop", names)) {
    const { id: attemptId, orderId, provider } = ours.attempt;
    const left = bookDifferences(ours);
    const subject = `books:${attemptId}`;
    if (left.length === 0 && !open.has(subject)) continue;
    const about = { provider, subject, orderId, attemptId };
    await storeFinding(context, { ...about, found: left, left, detail: null, suspicions: undefined });
  }
  return {
    next: found.length < rowsMax ? undefined : found.at(-1)?.id,
    compared: found.length,
    seen: [],
    suspects: [],
  };
}

function isoOf(time: EpochMs): string {
  return new Date(time).toISOString();
}
