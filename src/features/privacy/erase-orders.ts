import { type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { z } from "zod";
import { AppError } from "#core/errors";
import type { Id } from "#core/ids";
import { newId } from "#core/ids";
import { actorOf } from "#core/principal";
import { type Place, orderTables } from "#features/orders/places";
import type { Context } from "#platform/context";
import { type Database, lostRace, transact } from "#platform/database";
import { livesHere, orderHomes } from "#platform/order-homes";
import { erasedEmail, erasedText, openOrderStatuses } from "./rules.ts";

/** Whose data it is: an account's, with the guest orders under its proven address, or a guest's. */
export type DataSubject = { readonly userId?: Id<"user">; readonly guestEmail?: string | undefined };

const attemptsMax = 5;
/** Ids of orders that a refusal names. */
const namedOrdersMax = 20;

/**
 * Strips the subject's orders of everything personal, together with the given statements. Lines, amounts, numbers and the
 * country stay, for the books must.
 * @returns how many orders there were.
 * @throws AppError orders_in_progress while one is not finished.
 */
export async function eraseOrders(
  context: Context,
  subject: DataSubject,
  alongside: readonly BatchItem<"pg">[],
): Promise<number> {
  const { primary } = context.databases;
  for (let attempt = 1, erased = 0; ; attempt++) {
    const homes = await findOrders(context, subject);
    refuseOnTheirWay(homes);
    const open = homes.flatMap(({ live }) => live.filter((order) => order.open).map(({ id }) => id));
    if (open.length > 0)
      throw new AppError("orders_in_progress", {
        detail:
          "Orders that are paid, sent or disputed need their address. Cancel them, or wait until they are done.",
        members: { order_ids: open.slice(0, namedOrdersMax) },
      });
    try {
      // The primary comes last: once the account is gone, nobody could ask again for what is left.
      for (const home of homes.toReversed()) {
        if (home.database !== primary) await forgetEvents(context, home);
        if (home.copies.length > 0) await eraseCopies(context, subject, home);
        const [first, ...rest] = eraseStatements(context, {
          subject,
          found: home.live,
          isHere: livesHere(context, sql`id`),
        });
        await transact(home.database, [first, ...rest, ...(home.database === primary ? alongside : [])]);
        erased += home.live.length;
      }
      return erased;
    } catch (error) {
      if (!lostRace(error) || attempt === attemptsMax) throw error;
    }
  }
}

function isTheirs({ userId, guestEmail }: DataSubject) {
  return sql`(user_id = ${userId ?? null} or (user_id is null and lower(email) = lower(${guestEmail ?? null})))`;
}

/** What a client waits at least before it asks again for what waits for a move of shards. */
const moveSeconds = 60;

/** While shards move, nobody writes their orders: neither where they leave nor where they come. */
function refuseOnTheirWay(homes: readonly FoundOrders[]): void {
  if (homes.some(({ found }) => found.some(({ fence }) => fence === "moving" || fence === "closed")))
    throw new AppError("shard_moving", {
      detail: "Some of the orders are on their way to another database. Nothing was erased: ask again later.",
      retryAfterSeconds: moveSeconds,
    });
}

const FoundOrderRows = z.array(
  z.object({
    id: z.string(),
    version: z.coerce.number(),
    archived: z.boolean(),
    open: z.boolean(),
    /** How the order's shard is fenced off in this database; see shard_fences in the migrations. */
    fence: z.enum(["closed", "moving", "moved"]).nullable(),
  }),
);
type FoundOrder = z.infer<typeof FoundOrderRows>[number];

/** What a database has of the subject's orders. */
type FoundOrders = {
  readonly database: Database;
  readonly found: readonly FoundOrder[];
  readonly live: readonly FoundOrder[];
  /** Left behind where shards were, until they are cleared: nobody reads them, and they are personal all the same. */
  readonly copies: readonly FoundOrder[];
};

function findOrders(context: Context, subject: DataSubject): Promise<FoundOrders[]> {
  return Promise.all(
    orderHomes(context).map(async ({ database }) => {
      const found = await findOrdersAt(database, subject);
      const [copies = [], live = []] = [true, false].map((isCopy) =>
        found.filter(({ fence }) => (fence === "moved") === isCopy),
      );
      return { database, found, live, copies };
    }),
  );
}

async function findOrdersAt(database: Database, subject: DataSubject): Promise<FoundOrder[]> {
  const statuses = sql.join(
    openOrderStatuses.map((status) => sql`${status}`),
    sql`, `,
  );
  const { rows } = await database.execute(sql`
    select id, version, archived, status in (${statuses})
      or exists (select 1 from disputes where order_id = o.id and status = 'open')
      or exists (select 1 from refunds where order_id = o.id and status = 'pending') as open,
      (select state from shard_fences where shard = shard_of(o.id)) as fence
    from ${orderTables.everywhere.orders} o where ${isTheirs(subject)}`);
  return FoundOrderRows.parse(rows);
}

/** Some of a subject's orders in a database, and which rows these are now. */
type Erasing = { subject: DataSubject; found: readonly FoundOrder[]; isHere: SQL };

function eraseStatements(context: Context, erasing: Erasing): [BatchItem<"pg">, ...BatchItem<"pg">[]] {
  const ids = erasing.found.map(({ id }) => id);
  return [
    stripOrders(context, { ...erasing, place: "hot" }),
    stripOrders(context, { ...erasing, place: "archive" }),
    ...forgetTraces(context, erasing.subject, ids),
  ];
}

/** The fences of shards that have gone let nobody write, for good: this passes them, for these rows only. */
async function eraseCopies(context: Context, subject: DataSubject, { database, copies }: FoundOrders) {
  const passing = context.databases.primary.execute(
    sql`select set_config('tradewind.moves_shards', 'on', true)`,
  );
  const isHere = sql`exists (select from shard_fences where shard = shard_of(id) and state = 'moved')`;
  await transact(database, [passing, ...eraseStatements(context, { subject, found: copies, isHere })]);
}

const References = z.array(z.object({ provider: z.string(), provider_reference: z.string() }));

/** The providers' messages are in the primary, wherever their payments live. */
async function forgetEvents(context: Context, { database, found }: FoundOrders): Promise<void> {
  if (found.length === 0) return;
  const { rows } = await database.execute(sql`
    select provider, provider_reference from payment_attempts where provider_reference is not null
      and order_id in (select jsonb_array_elements_text(${JSON.stringify(found.map(({ id }) => id))}::jsonb))`);
  await context.databases.primary.execute(sql`
    update payment_events set payload = '{"forgotten": true}'
    where processed_at is not null and (provider, provider_reference) in
      (select provider, provider_reference from jsonb_to_recordset(${JSON.stringify(References.parse(rows))}::jsonb)
        as of_orders (provider text, provider_reference text))`);
}

type Stripping = Erasing & { place: Place };

/**
 * Strips those that are at one place. Fails as a lost race when an order has moved, or another was placed, since they
 * were read.
 */
function stripOrders(context: Context, { subject, found, isHere, place }: Stripping): BatchItem<"pg"> {
  const now = context.now();
  const here = found.filter(({ archived }) => archived === (place === "archive"));
  const list = JSON.stringify(
    here.map(({ id, version }) => ({ id, version, event_id: newId("orderEvent", now) })),
  );
  const { history } = orderTables[place];
  const orders = place === "hot" ? sql`orders` : sql`archive.orders`;
  const stripped = (column: "shipping_address" | "billing_address") => sql`
    jsonb_strip_nulls(jsonb_build_object('name', ${erasedText}::text, 'line1', ${erasedText}::text,
      'city', ${erasedText}::text, 'country', ${sql.raw(column)} -> 'country'))`;
  return context.databases.primary.execute(sql`
    with listed as (select * from jsonb_to_recordset(${list}::jsonb) as t (id text, version bigint, event_id text)),
    stripped as (
      update ${orders} o set email = ${erasedEmail}, notes = null, version = o.version + 1, updated_at = now(),
        shipping_address = ${stripped("shipping_address")}, billing_address = ${stripped("billing_address")},
        user_id = null
      from listed where o.id = listed.id and o.version = listed.version
      returning o.id, o.version, listed.event_id),
    told as (
      insert into ${history} (order_id, sequence, id, type, actor, at)
      select id, version, event_id, 'order.anonymised', ${actorOf(context.principal)}, ${new Date(now).toISOString()}
      from stripped)
    select expect_rows((select count(*) from stripped), (select count(*) from ${orders} where ${isTheirs(subject)} and ${isHere}))`);
}

/**
 * What else remembers the buyer of these orders: parcels' tracking, what was said of returns, refunds and reviews, the
 * providers' messages, answers kept for retries, those to the staff about the customer too.
 */
function forgetTraces(context: Context, { userId }: DataSubject, ids: string[]): BatchItem<"pg">[] {
  const { primary } = context.databases;
  const list = sql`(select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`;
  return [
    ...[orderTables.hot, orderTables.archive].map(({ fulfilments }) =>
      primary.execute(sql`
        update ${fulfilments} set tracking_number = null, tracking_url = null where order_id in ${list}`),
    ),
    primary.execute(sql`
      update returns set reason = ${erasedText}, decision_note = null where order_id in ${list}`),
    primary.execute(sql`update refunds set reason = null where order_id in ${list}`),
    primary.execute(sql`update payment_reviews set note = null where order_id in ${list}`),
    // One that waits still is needed, and was stored without anything personal.
    primary.execute(sql`
      update payment_events set payload = '{"forgotten": true}'
      where processed_at is not null and (provider, provider_reference) in
        (select provider, provider_reference from payment_attempts where order_id in ${list})`),
    primary.execute(sql`
      delete from idempotency_records
      where starts_with(scope, ${`${userId ?? "nobody"} `})
        or body ->> 'id' in ${list} or body ->> 'order_id' in ${list} or body ->> 'id' = ${userId ?? null}`),
  ];
}
