import { and, desc, eq, gt, isNull, like, lt, type SQL, sql } from "drizzle-orm";
import { newId } from "#core/ids";
import type { PageRequest, Page } from "#core/page";
import type { PaymentProvider } from "#core/payment-facts";
import { readPage } from "#platform/cursor";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import type { Difference, DifferenceKind } from "./rules.ts";
import { differences } from "./tables.ts";

export type DifferenceRow = typeof differences.$inferSelect;

/** What became of looking at a payment. */
export type Finding = {
  readonly provider: PaymentProvider;
  readonly subject: string;
  readonly orderId: string | null;
  readonly attemptId: string | null;
  /** Found at first, and left after mending. */
  readonly found: readonly Difference[];
  readonly left: readonly Difference[];
  /** Why it could not be mended, where the settlement said so. */
  readonly detail: string | null;
  /** How often it had been suspected when it was taken; undefined when it is no suspect. */
  readonly suspicions: number | undefined;
};

/**
 * Stores what was found, in one transaction: what is left is open, once however often it is seen; what was open and is
 * gone is resolved. What staff have closed stays closed until its amounts change.
 */
export async function storeFinding(context: Context, finding: Finding): Promise<void> {
  const { found, left } = finding;
  const isLeft = (each: Difference) => left.some((other) => isSame(each, other));
  await transact(context.databases.primary, [
    openDifferences(context, finding),
    insertMended(
      context,
      finding,
      found.filter((each) => !isLeft(each)),
    ),
    resolveOthers(context, finding),
    ...(finding.suspicions === undefined ? [] : dismissSuspect(context, finding, finding.suspicions)),
  ]);
}

function isSame(a: Difference, b: Difference): boolean {
  return a.kind === b.kind && a.reference === b.reference;
}

/** Differences as a table of SQL's, each with an id for a row of its own. */
function asRows(context: Context, which: readonly Difference[]): SQL {
  const rows = which.map((each) => ({ ...each, id: newId("paymentDifference", context.now()) }));
  return sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
    as said (id text, kind text, reference text, ours bigint, theirs bigint, currency text)`;
}

function openDifferences(context: Context, finding: Finding) {
  const { provider, subject, orderId, attemptId, detail, left } = finding;
  return context.databases.primary.execute(sql`
    with said as (select * from ${asRows(context, left)}),
    accepted as (
      update payment_differences known set last_seen_at = now() from said
      where known.provider = ${provider} and known.provider_reference = said.reference
        and known.kind = said.kind and known.status = 'closed'
        and known.our_amount is not distinct from said.ours
        and known.their_amount is not distinct from said.theirs
        and known.id = (select max(id) from payment_differences newest where newest.provider = known.provider
          and newest.provider_reference = known.provider_reference and newest.kind = known.kind)
      returning known.provider_reference, known.kind)
    insert into payment_differences (id, provider, subject, kind, provider_reference, order_id, attempt_id,
      our_amount, their_amount, currency, detail)
    select id, ${provider}, ${subject}, kind, reference, ${orderId}, ${attemptId}, ours, theirs, currency, ${detail}
    from said where (reference, kind) not in (select provider_reference, kind from accepted)
    on conflict (provider, provider_reference, kind) where resolved_at is null
    do update set last_seen_at = now(), subject = excluded.subject, order_id = excluded.order_id,
      attempt_id = excluded.attempt_id, our_amount = excluded.our_amount, their_amount = excluded.their_amount,
      currency = excluded.currency, detail = excluded.detail, version = payment_differences.version + 1`);
}

/** What was found and mended at once was never open. */
function insertMended(
  context: Context,
  { provider, subject, orderId, attemptId }: Finding,
  mended: readonly Difference[],
) {
  return context.databases.primary.execute(sql`
    insert into payment_differences (id, provider, subject, kind, provider_reference, order_id, attempt_id,
      our_amount, their_amount, currency, status, resolved_at)
    select id, ${provider}, ${subject}, kind, reference, ${orderId}, ${attemptId}, ours, theirs, currency,
      'mended', now()
    from ${asRows(context, mended)}
    where not exists (select 1 from payment_differences known where known.provider = ${provider}
      and known.provider_reference = said.reference and known.kind = said.kind and known.resolved_at is null)`);
}

/** What was open of this payment and is left no more: mended if it was there before the settlement. */
function resolveOthers(context: Context, { provider, subject, found, left }: Finding) {
  return context.databases.primary.execute(sql`
    update payment_differences set
      status = case when (provider_reference, kind) in (select reference, kind from ${asRows(context, found)})
        then 'mended' else 'vanished' end,
      resolved_at = now(), version = version + 1
    where provider = ${provider} and subject = ${subject} and resolved_at is null
      and (provider_reference, kind) not in (select reference, kind from ${asRows(context, left)})`);
}

/** What is open is looked at again after an hour at the earliest, and ever more rarely, up to once a day. */
function dismissSuspect(context: Context, { provider, subject }: Finding, suspicions: number) {
  const { primary } = context.databases;
  return [
    primary.execute(sql`
      with dismissed as (
        delete from payment_suspects where provider = ${provider} and subject = ${subject}
          and suspicions = ${suspicions} and not exists (select 1 from payment_differences open
            where open.provider = ${provider} and open.subject = ${subject} and open.resolved_at is null)
        returning records)
      insert into reconciled_records (provider, record) select ${provider}, unnest(records) from dismissed
      on conflict (provider, record) do update set reconciled_at = now()`),
    primary.execute(sql`
      update payment_suspects set last_error = null, leased_until = '-infinity', next_check_at = case when suspicions = ${suspicions}
        then now() + least(interval '1 day', greatest(interval '1 hour', (now() - created_at) / 2)) else now() end
      where provider = ${provider} and subject = ${subject}`),
  ];
}

/** Whatever begins like this and is found different from others at this moment. */
export async function openSubjects(context: Context, prefix: string): Promise<ReadonlySet<string>> {
  const open = await context.databases.primary
    .select({ subject: differences.subject })
    .from(differences)
    .where(and(isNull(differences.resolvedAt), like(differences.subject, `${prefix}%`)));
  return new Set(open.map(({ subject }) => subject));
}

export type DifferenceFilter = {
  readonly status?: DifferenceRow["status"] | undefined;
  readonly kind?: DifferenceKind | undefined;
  readonly provider?: PaymentProvider | undefined;
};

/** A page of differences, the newest first. */
export function pageOfDifferences(
  context: Context,
  request: PageRequest,
  { status, kind, provider }: DifferenceFilter,
): Promise<Page<DifferenceRow>> {
  return readPage<DifferenceRow>(context.settings, request, {
    name: `payment differences ${status} ${kind} ${provider}`,
    positionOf: ({ id }) => [id],
    read: ({ direction, from, rowsMax }) => {
      const beyond = from?.[0];
      const bound = direction === "after" ? lt : gt;
      return context.databases.primary
        .select()
        .from(differences)
        .where(
          and(
            beyond === undefined ? undefined : bound(differences.id, beyond),
            status === undefined ? undefined : eq(differences.status, status),
            kind === undefined ? undefined : eq(differences.kind, kind),
            provider === undefined ? undefined : eq(differences.provider, provider),
          ),
        )
        .orderBy(direction === "after" ? desc(differences.id) : differences.id)
        .limit(rowsMax);
    },
  });
}

export async function findDifference(context: Context, id: string): Promise<DifferenceRow | undefined> {
  const [row] = await context.databases.primary.select().from(differences).where(eq(differences.id, id));
  return row;
}
