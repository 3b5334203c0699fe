import { and, eq, sql } from "drizzle-orm";
import { type EpochMs, epochMs } from "#core/time";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { recordSightingsAlongside } from "./sightings.ts";
import { type Suspect, insertSuspects } from "./suspect-store.ts";
import { type FeedProvider, feeds } from "./tables.ts";
import type { Place, Window } from "./walk.ts";

export type FeedRow = typeof feeds.$inferSelect;
export type FeedName = Pick<FeedRow, "provider" | "list">;

/** A feed that this run walks through, and nobody else. */
export type LeasedFeed = FeedRow & { readonly lease: string };

/** What a page of a list has shown. */
export type ShownPage = {
  readonly next: string | undefined;
  readonly compared: number;
  readonly suspects: readonly Suspect[];
  /** Attempts that their provider knows. */
  readonly seen: readonly string[];
};

/** A walker that has not kept a page for so long is dead, and another goes on. */
const leaseSecondsMax = 60;
/** Between two regular walks through a list. */
const walkEverySeconds = 3_600;
/** Nobody tries again sooner after a fault. */
const faultPauseSeconds = 60;

export async function createFeeds(context: Context, names: readonly FeedName[]): Promise<void> {
  const rows = JSON.stringify(names);
  await context.databases.primary.execute(sql`
    insert into reconciliation_feeds (provider, list)
    select provider, list from jsonb_to_recordset(${rows}::jsonb) as named (provider text, list text)
    on conflict do nothing`);
}

const isDue = sql`leased_until <= now() and next_try_at <= now()
  and (window_from is not null or next_run_at <= now() or asked_by is not null)`;

/** Whether there is a feed to walk through, or a suspect to look at. */
export async function isReconciliationDue(context: Context): Promise<boolean> {
  const { rows } = await context.databases.primary.execute(sql`
    select exists (select 1 from reconciliation_feeds where ${isDue})
      or not exists (select 1 from reconciliation_feeds)
      or exists (select 1 from payment_suspects where next_check_at <= now() and leased_until <= now()) as due`);
  return rows[0]?.["due"] === true || rows[0]?.["due"] === "t";
}

/** Takes the feed whose turn it is, among these. */
export async function takeFeed(
  context: Context,
  names: readonly FeedName[],
): Promise<LeasedFeed | undefined> {
  const lease = crypto.randomUUID();
  const offered = JSON.stringify(names);
  const due = sql`(select provider, list from reconciliation_feeds where ${isDue}
    and (provider, list) in (select provider, list
      from jsonb_to_recordset(${offered}::jsonb) as offered (provider text, list text))
    order by next_run_at limit 1 for update skip locked)`;
  const [taken] = await context.databases.primary
    .update(feeds)
    .set({ lease, leasedUntil: afterLease })
    .where(sql`(${feeds.provider}, ${feeds.list}) in ${due}`)
    .returning();
  return taken === undefined ? undefined : { ...taken, lease };
}

const afterLease = sql`now() + make_interval(secs => ${leaseSecondsMax})`;

/** Where the walk goes on, if one is under way. */
export function placeOf({ windowFrom, windowUntil, pageCursor }: FeedRow): Place | undefined {
  if (windowFrom === null || windowUntil === null) return undefined;
  const window: Window = { from: epochMs(windowFrom.getTime()), until: epochMs(windowUntil.getTime()) };
  return { window, cursor: pageCursor ?? undefined };
}

/** Begins a walk: its figures start anew. False when somebody else has taken over. */
export function openWindow(context: Context, feed: LeasedFeed, { from, until }: Window): Promise<boolean> {
  return guarded(() =>
    transact(context.databases.primary, [
      changeLeased(
        feed,
        context,
        sql`window_from = ${isoOf(from)}, window_until = ${isoOf(until)}, page_cursor = null, asked_by = null,
          started_at = now(), finished_at = null, pages = 0, compared = 0, suspected = 0, last_error = null`,
      ),
    ]),
  );
}

/** Keeps what a page has shown, and where the next begins, in one transaction; see {@link walk}. */
export async function keepPage(context: Context, feed: LeasedFeed, page: ShownPage): Promise<boolean> {
  const { next, compared, suspects, seen } = page;
  // A window may reach beyond its walk's beginning: what came later is read again.
  const place =
    next === undefined
      ? sql`covered_until = greatest(covered_until, least(window_until, started_at)), window_from = null,
          window_until = null, page_cursor = null, finished_at = now(), leased_until = '-infinity',
          next_run_at = case when window_until < started_at - interval '1 hour' then now()
            else now() + make_interval(secs => ${walkEverySeconds}) end`
      : sql`page_cursor = ${next}, leased_until = ${afterLease}`;
  const sightings = await recordSightingsAlongside(context, seen);
  return guarded(() =>
    transact(context.databases.primary, [
      changeLeased(
        feed,
        context,
        sql`${place}, pages = pages + 1, compared = compared + ${compared},
          suspected = suspected + ${suspects.length}, last_error = null`,
      ),
      ...(next === undefined ? [forgetReconciled(context)] : []),
      ...(suspects.length === 0 ? [] : [insertSuspects(context, suspects)]),
      ...sightings,
    ]),
  );
}

/** No walk goes so far back, but the first ones. */
const reconciledDaysKept = 40;

function forgetReconciled(context: Context) {
  return context.databases.primary.execute(sql`
    delete from reconciled_records where reconciled_at < now() - make_interval(days => ${reconciledDaysKept})`);
}

function changeLeased(
  { provider, list, lease }: LeasedFeed,
  context: Context,
  changes: ReturnType<typeof sql>,
) {
  return context.databases.primary.execute(sql`
    with changed as (
      update reconciliation_feeds set ${changes}
      where provider = ${provider} and list = ${list} and lease = ${lease} returning 1)
    select expect_rows((select count(*) from changed), 1)`);
}

async function guarded(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
  } catch (error) {
    if (lostRace(error)) return false;
    throw error;
  }
  return true;
}

/** Lets others go on with a feed; after a fault not at once. */
export async function releaseFeed(context: Context, feed: LeasedFeed, fault?: string): Promise<void> {
  const { provider, list, lease } = feed;
  await context.databases.primary
    .update(feeds)
    .set({
      leasedUntil: sql`'-infinity'`,
      ...(fault === undefined
        ? {}
        : {
            lastError: fault.slice(0, 500),
            nextTryAt: sql`now() + make_interval(secs => ${faultPauseSeconds})`,
          }),
    })
    .where(and(eq(feeds.provider, provider), eq(feeds.list, list), eq(feeds.lease, lease)));
}

/** Asks for a walk through every list up to now, and for another look at everything that is open. */
export async function askForWalks(context: Context, askedBy: string, provider?: FeedProvider): Promise<void> {
  const ofProvider = provider === undefined ? sql`true` : sql`provider = ${provider}`;
  await transact(context.databases.primary, [
    context.databases.primary.execute(
      sql`update reconciliation_feeds set asked_by = ${askedBy}, next_try_at = now() where ${ofProvider}`,
    ),
    context.databases.primary.execute(
      sql`update payment_suspects set next_check_at = now() where ${ofProvider}`,
    ),
  ]);
}

export async function listFeeds(context: Context): Promise<FeedRow[]> {
  return context.databases.primary.select().from(feeds).orderBy(feeds.provider, feeds.list);
}

function isoOf(time: EpochMs): string {
  return new Date(time).toISOString();
}
