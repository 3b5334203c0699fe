import { and, eq, sql } from "drizzle-orm";
import { z } from "zod";
import type { OutsideProvider } from "#core/payment-facts";
import type { PaymentHint } from "#core/payment-records";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { suspects } from "./tables.ts";

/** A payment that is to be looked at closely. */
export type Suspect = {
  readonly provider: OutsideProvider;
  readonly subject: string;
  readonly hint: PaymentHint;
  /** The records that raised the suspicion, by their fingerprints. */
  readonly records: readonly string[];
};

/** One that is being looked at; more suspicions by then mean that there is news. */
export type TakenSuspect = Omit<Suspect, "records"> & { readonly suspicions: number };

/** A payment has one subject however its records name it, as far as they allow. */
export function suspectOf(
  provider: OutsideProvider,
  hint: PaymentHint,
  records: readonly string[] = [],
): Suspect {
  const { reference, captureId, disputeId, attemptId } = hint;
  const subject =
    (reference && `payment:${reference}`) ??
    (captureId && `capture:${captureId}`) ??
    (disputeId && `dispute:${disputeId}`) ??
    `attempt:${attemptId}`;
  return { provider, subject, hint, records };
}

/** The statement that remembers suspects; one that waits already keeps its turn, unless there is news of it. */
export function insertSuspects(context: Context, found: readonly Suspect[]) {
  const rows = onePerSubject(found).map(({ provider, subject, hint, records }) => ({
    provider,
    subject,
    providerReference: hint.reference ?? null,
    captureId: hint.captureId ?? null,
    disputeId: hint.disputeId ?? null,
    attemptId: hint.attemptId ?? null,
    records: [...records],
    nextCheckAt: sql`now()`,
    leasedUntil: sql`'-infinity'`,
    createdAt: sql`now()`,
  }));
  return context.databases.primary
    .insert(suspects)
    .values(rows)
    .onConflictDoUpdate({
      target: [suspects.provider, suspects.subject],
      set: {
        records: sql`array(select unnest(${suspects.records}) union select unnest(excluded.records))`,
        suspicions: sql`${suspects.suspicions} + 1`,
        nextCheckAt: sql`now()`,
      },
      setWhere: sql`not excluded.records <@ ${suspects.records}`,
    });
}

function onePerSubject(found: readonly Suspect[]): Suspect[] {
  const bySubject = Map.groupBy(found, ({ provider, subject }) => `${provider} ${subject}`);
  return [...bySubject.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ ...first, records: [first, ...others].flatMap(({ records }) => records) }],
  );
}

/** Which of these records were examined and found right, as they are now. */
export async function readReconciled(
  context: Context,
  provider: OutsideProvider,
  records: readonly string[],
): Promise<ReadonlySet<string>> {
  if (records.length === 0) return new Set();
  const { rows } = await context.databases.primary.execute(sql`
    select record from reconciled_records where provider = ${provider}
      and record in (select jsonb_array_elements_text(${JSON.stringify(records)}::jsonb))`);
  return new Set(rows.map(({ record }) => z.string().parse(record)));
}

/** For so long others leave a suspect alone that somebody looks at. */
const checkSecondsMax = 120;

const TakenRow = z.object({
  provider: z.enum(["stripe", "paypal"]),
  subject: z.string(),
  provider_reference: z.string().nullable(),
  capture_id: z.string().nullable(),
  dispute_id: z.string().nullable(),
  attempt_id: z.string().nullable(),
  suspicions: z.int(),
});

/** Takes suspects whose turn it is, so that two runs never look at the same. */
export async function takeSuspects(context: Context, rowsMax: number): Promise<TakenSuspect[]> {
  const { rows } = await context.databases.primary.execute(sql`
    update payment_suspects suspect set leased_until = now() + make_interval(secs => ${checkSecondsMax}),
      checks = checks + 1
    from (select provider, subject from payment_suspects
      where next_check_at <= now() and leased_until <= now()
      order by next_check_at limit ${rowsMax} for update skip locked) due
    where suspect.provider = due.provider and suspect.subject = due.subject
    returning suspect.provider, suspect.subject, suspect.provider_reference, suspect.capture_id,
      suspect.dispute_id, suspect.attempt_id, suspect.suspicions`);
  return rows.map((row) => {
    const { provider, subject, suspicions, ...hint } = TakenRow.parse(row);
    return {
      provider,
      subject,
      suspicions,
      hint: {
        reference: hint.provider_reference ?? undefined,
        captureId: hint.capture_id ?? undefined,
        disputeId: hint.dispute_id ?? undefined,
        attemptId: hint.attempt_id ?? undefined,
      },
    };
  });
}

/** The first pause after a fault, and the longest; each is twice the one before. */
const backoffSeconds = { first: 15, max: 3_600 } as const;

export async function putSuspectOff(context: Context, suspect: TakenSuspect, error: string): Promise<void> {
  const { first, max } = backoffSeconds;
  await context.databases.primary
    .update(suspects)
    .set({
      lastError: error.slice(0, 500),
      leasedUntil: sql`'-infinity'`,
      nextCheckAt: sql`now() + make_interval(secs => least(${max}::float8, ${first}::float8 * power(2, least(checks - 1, 12))))`,
    })
    .where(and(eq(suspects.provider, suspect.provider), eq(suspects.subject, suspect.subject)));
}

/** Goes on with a suspect under another name, by which its payment is known everywhere. */
export async function renameSuspect(context: Context, from: TakenSuspect, to: Suspect): Promise<void> {
  const { primary } = context.databases;
  const ofThis = and(eq(suspects.provider, from.provider), eq(suspects.subject, from.subject));
  const [known] = await primary.select({ records: suspects.records }).from(suspects).where(ofThis);
  await transact(primary, [
    insertSuspects(context, [{ ...to, records: known?.records ?? [] }]),
    primary.delete(suspects).where(ofThis),
  ]);
}
