import { Stripe } from "stripe";
import type { DisputeFacts } from "#core/payment-facts";
import type { PaymentMode, ProviderRecord, RecordPage, RecordedDispute } from "#core/payment-records";
import { currentTime, dayMs, epochMs, hourMs, secondMs } from "#core/time";
import type { PaymentRecords, RecordQuestion } from "./payment-records.ts";
import { asking, factsOf, retrieve } from "./stripe-payments.ts";

const pageItemsMax = 100;

/** Stripe's lists show what was written within moments; they go back as far as there are records. */
const policy = { overlapMs: hourMs, windowMsMax: 365 * dayMs };

/**
 * Stripe's own records. Payment intents tell of every payment, the balance's transactions of every movement of money
 * whenever its payment was made, and disputes also of those that move no money yet.
 */
export function stripeRecords(stripe: Stripe): PaymentRecords {
  const lists: Record<string, (question: RecordQuestion) => Promise<RecordPage>> = {
    payments: (question) => listPayments(stripe, question),
    movements: (question) => listMovements(stripe, question),
    disputes: (question) => listDisputes(stripe, question),
  };
  return {
    lists: Object.keys(lists).map((name) => ({ name, ...policy })),
    list: (name, question) => {
      const list = lists[name];
      if (list === undefined) throw new RangeError(`Stripe has no list of ${name}`);
      return asking(() => list(question));
    },
    read: (reference) =>
      asking(async () => {
        const intent = await knownOrNot(() => retrieve(stripe, reference));
        if (intent === undefined) return undefined;
        const disputes = await stripe.disputes.list({ payment_intent: reference, limit: pageItemsMax });
        return {
          facts: factsOf(intent),
          mode: modeOf(intent),
          disputes: disputes.data.map(disputeOf),
        };
      }),
    find: ({ reference }) => Promise.resolve(reference),
  };
}

async function knownOrNot<Answer>(request: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof Stripe.errors.StripeInvalidRequestError && error.code === "resource_missing")
      return undefined;
    throw error;
  }
}

async function listPayments(stripe: Stripe, question: RecordQuestion): Promise<RecordPage> {
  const page = await stripe.paymentIntents.list({
    ...windowOf(question),
    expand: ["data.latest_charge"],
  });
  const records = page.data.map((intent): ProviderRecord => ({
    kind: "payment",
    payment: { facts: factsOf(intent), mode: modeOf(intent) },
  }));
  return { records, next: nextOf(page) };
}

async function listMovements(stripe: Stripe, question: RecordQuestion): Promise<RecordPage> {
  const page = await stripe.balanceTransactions.list({ ...windowOf(question), expand: ["data.source"] });
  return { records: page.data.flatMap(({ source }) => recordsOf(source)), next: nextOf(page) };
}

/** What moved the money; payouts, fees and disputes, which have a list of their own, are no records here. */
function recordsOf(source: Stripe.BalanceTransaction["source"]): ProviderRecord[] {
  if (source === null || typeof source === "string") return [];
  if (source.object === "charge") {
    const { amount_captured: amount, currency, metadata } = source;
    const of = { reference: idOf(source.payment_intent) ?? source.id, attemptId: metadata["attempt_id"] };
    return [{ kind: "capture", of, amount, currency: currency.toUpperCase() }];
  }
  if (source.object === "refund") {
    const { id: reference, status } = source;
    const of = { reference: idOf(source.payment_intent) ?? idOf(source.charge) };
    return [{ kind: "refund", of, reference, hasFailed: status === "failed" || status === "canceled" }];
  }
  return [];
}

async function listDisputes(stripe: Stripe, question: RecordQuestion): Promise<RecordPage> {
  const page = await stripe.disputes.list(windowOf(question));
  const records = page.data.map((dispute): ProviderRecord => {
    const of = { reference: idOf(dispute.payment_intent) ?? idOf(dispute.charge) };
    const isDecided = stripeDisputeStatus(dispute.status) !== "open";
    return { kind: "dispute", of, reference: dispute.id, isDecided };
  });
  return { records, next: nextOf(page) };
}

function windowOf({ from, until, cursor }: RecordQuestion) {
  return {
    created: { gte: Math.floor(from / secondMs), lt: Math.ceil(until / secondMs) },
    limit: pageItemsMax,
    ...(cursor === undefined ? {} : { starting_after: cursor }),
  };
}

function nextOf({ has_more: hasMore, data }: Stripe.ApiList<{ id: string }>): string | undefined {
  return hasMore ? data.at(-1)?.id : undefined;
}

function idOf(named: string | { readonly id: string } | null): string | undefined {
  return typeof named === "string" ? named : named?.id;
}

function modeOf({ livemode: isLive }: { readonly livemode: boolean }): PaymentMode {
  return isLive ? "live" : "test";
}

/** Stripe does not tell when a dispute was decided: what is decided stays so, and is said as of now. */
function disputeOf({ id, status, amount, currency, reason, created }: Stripe.Dispute): RecordedDispute {
  const known = stripeDisputeStatus(status);
  return {
    reference: id,
    status: known,
    amount,
    currency: currency.toUpperCase(),
    reason,
    reportedAt: known === "open" ? epochMs(created * secondMs) : currentTime(),
  };
}

/** An inquiry that came to nothing was decided for the shop. */
export function stripeDisputeStatus(status: string): DisputeFacts["status"] {
  if (status === "warning_closed" || status === "prevented") return "won";
  return status === "won" || status === "lost" ? status : "open";
}
