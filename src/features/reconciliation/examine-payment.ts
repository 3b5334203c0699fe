import { AppError, errorCodes } from "#core/errors";
import { idSchema } from "#core/ids";
import type { PaymentHint, PaymentMode, RecordedPayment } from "#core/payment-records";
import { adoptReference } from "#features/payments/adopt-reference";
import { readAttempt } from "#features/payments/attempts";
import { recordDisputeFacts } from "#features/payments/disputes";
import { isOpen } from "#features/payments/rules";
import { settlePayment } from "#features/payments/settle-payment";
import type { Context } from "#platform/context";
import type { PaymentRecords } from "#providers/payment-records";
import { type Finding, storeFinding } from "./difference-store.ts";
import { type KnownPayment, namesOf, ownerOf, readOurPayments } from "./our-payments.ts";
import { type Difference, differencesOf, strangerDifferences } from "./rules.ts";
import { recordSightings } from "./sightings.ts";
import { type TakenSuspect, renameSuspect, suspectOf } from "./suspect-store.ts";

type Examined = {
  readonly context: Context;
  readonly records: PaymentRecords;
  readonly suspect: TakenSuspect;
  readonly mode: PaymentMode | undefined;
};

/**
 * Looks closely at one payment: what its provider says now is compared with our rows. What the settlement can mend it
 * mends, from the provider's own word; what is left is open for the staff. Safe to repeat.
 * @throws AppError when the provider gives no answer, or others keep changing the payment.
 */
export async function examinePayment(examined: Examined): Promise<void> {
  const { context, records, suspect } = examined;
  const ours = await readOwner(examined, suspect.hint);
  const reference = ours?.attempt.reference ?? (await records.find(suspect.hint));
  if (reference === undefined) return storeFinding(context, strangeFinding(suspect));
  const hint = { reference, attemptId: ours?.attempt.id };
  const known = suspectOf(suspect.provider, hint);
  if (known.subject !== suspect.subject) return renameSuspect(context, suspect, known);
  const theirs = await records.read(reference);
  const attemptId = theirs?.facts.attemptId;
  const owner = ours ?? (await readOwner(examined, { reference, attemptId }));
  if (theirs === undefined) return storeFinding(context, await findingOfLost(examined, owner, reference));
  if (owner === undefined) return storeFinding(context, findingOfStranger(suspect, theirs));
  await recordSightings(context, [owner.attempt.id]);
  const found = differencesOf(theirs, owner, examined.mode);
  if (found.length === 0) return storeFinding(context, findingOf(suspect, owner, { found, left: found }));
  const detail = await mend(context, { owner, theirs, found });
  const left = await leftAfterwards(examined, owner, reference);
  return storeFinding(context, { ...findingOf(suspect, owner, { found, left }), detail });
}

async function readOwner(
  { context, suspect }: Examined,
  hint: PaymentHint,
): Promise<KnownPayment | undefined> {
  return ownerOf(await readOurPayments(context, suspect.provider, namesOf([hint])), hint);
}

type Compared = Pick<Finding, "found" | "left">;

function findingOf(suspect: TakenSuspect, owner: KnownPayment | undefined, compared: Compared): Finding {
  const { provider, subject, suspicions } = suspect;
  const { id: attemptId = null, orderId = null } = owner?.attempt ?? {};
  return { provider, subject, suspicions, orderId, attemptId, detail: null, ...compared };
}

function findingOfStranger(suspect: TakenSuspect, theirs: RecordedPayment): Finding {
  const { success: namesOurs } = idSchema("paymentAttempt").safeParse(theirs.facts.attemptId);
  const left = strangerDifferences(theirs, namesOurs);
  const detail = namesOurs ? `It names ${theirs.facts.attemptId} of ${theirs.facts.orderId}.` : null;
  return { ...findingOf(suspect, undefined, { found: left, left }), detail };
}

/** The provider's lists name it, and belong to no payment that can be read. */
function strangeFinding(suspect: TakenSuspect): Finding {
  const { captureId, disputeId, attemptId } = suspect.hint;
  const reference = captureId ?? disputeId ?? attemptId ?? suspect.subject;
  const left: Difference[] = [
    { kind: "foreign_payment", reference, ours: null, theirs: null, currency: null },
  ];
  return findingOf(suspect, undefined, { found: left, left });
}

/** The provider does not know the payment. One that nobody has paid is settled as ended; money would be missing. */
async function findingOfLost(
  { context, suspect }: Examined,
  owner: KnownPayment | undefined,
  reference: string,
): Promise<Finding> {
  if (owner === undefined) return strangeFinding({ ...suspect, hint: { captureId: reference } });
  const { attempt, booked } = owner;
  const isPaid = attempt.status === "captured" || booked.captured > 0;
  if (!isPaid && isOpen(attempt.status))
    await settlePayment(context, { orderId: attempt.orderId, attemptId: attempt.id });
  const missing: Difference = {
    kind: "missing_at_provider",
    reference,
    ours: booked.captured,
    theirs: 0,
    currency: attempt.currency,
  };
  const left = isPaid ? [missing] : [];
  return findingOf(suspect, owner, { found: left, left });
}

type Mending = { owner: KnownPayment; theirs: RecordedPayment; found: readonly Difference[] };

/** Where our books say more than the provider does, nothing is replayed: people must find out which of the two is right. */
const beyondMending = ["capture_missing_at_provider", "refund_missing_at_provider", "mode_differs"];

/** @returns why it could not be mended, where the settlement refused. */
async function mend(context: Context, { owner, theirs, found }: Mending): Promise<string | null> {
  const { attempt } = owner;
  if (found.some(({ kind }) => beyondMending.includes(kind))) return null;
  try {
    const stored = await readAttempt(context, attempt.id);
    if (stored?.providerReference === null && isOpen(stored.status))
      await adoptReference(context, stored, theirs.facts.reference);
    await settlePayment(context, { orderId: attempt.orderId, attemptId: attempt.id });
    for (const { reportedAt, ...facts } of theirs.disputes) {
      const report = { provider: attempt.provider, facts, reportedAt: new Date(reportedAt) };
      await recordDisputeFacts(context, report, attempt);
    }
    return null;
  } catch (error) {
    if (!(error instanceof AppError) || errorCodes[error.code].retryable) throw error;
    return error.message;
  }
}

/** Rounds while others change the payment. */
const roundsMax = 3;

/** Our rows are read around the provider's word, so that what we did meanwhile is not taken for what it lacks. */
async function leftAfterwards(
  examined: Examined,
  { attempt }: KnownPayment,
  reference: string,
): Promise<readonly Difference[]> {
  const hint = { attemptId: attempt.id };
  let before = await readOwner(examined, hint);
  for (let round = 0; round < roundsMax; round++) {
    const theirs = await examined.records.read(reference);
    const after = await readOwner(examined, hint);
    if (theirs !== undefined && after !== undefined && after.version === before?.version)
      return differencesOf(theirs, after, examined.mode);
    before = after;
  }
  throw new AppError("conflict", {
    detail: `The payment ${reference} is being changed by others; it is compared later.`,
  });
}
