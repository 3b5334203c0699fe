import type { Order, TransactionInformation } from "@paypal/paypal-server-sdk";
import { z } from "zod";
import { AppError } from "#core/errors";
import type { DisputeFacts } from "#core/payment-facts";
import type { ProviderRecord, RecordPage, RecordedDispute } from "#core/payment-records";
import { dayMs, epochMs, hourMs, toTimestamp } from "#core/time";
import type { PaymentRecords, RecordQuestion } from "./payment-records.ts";
import { factsOf, isTaken } from "./paypal-facts.ts";
import { minorUnitsOfPaypal } from "./paypal-money.ts";
import { asking, readOrder } from "./paypal-payments.ts";
import type { Paypal } from "./paypal.ts";

const transactionsMax = 100;
const disputesMax = 50;

/** Reports are up to three hours behind, and one question is about 31 days at most. */
const reports = { overlapMs: 6 * hourMs, windowMsMax: 31 * dayMs };
/** Disputes are listed by their last change, 180 days back. */
const disputes = { overlapMs: hourMs, windowMsMax: 180 * dayMs };

const disputesPath = "/v1/customer/disputes";

/** PayPal's own records: the reports name every movement of money. Orders are not listed anywhere. */
export function paypalRecords(paypal: Paypal): PaymentRecords {
  const captureOwner = async (captureId: string) => {
    const capture = await paypal.ask(({ payments }) => payments.getCapturedPayment({ captureId }));
    return capture.supplementaryData?.relatedIds?.orderId;
  };
  return {
    lists: [
      { name: "movements", ...reports },
      { name: "disputes", ...disputes },
    ],
    list: (name, question) =>
      asking(() => (name === "movements" ? listMovements(paypal, question) : listDisputes(paypal, question))),
    read: (reference) =>
      knownOrNot(async () => {
        const order = await readOrder(paypal, reference);
        return { facts: factsOf(order), mode: undefined, disputes: await disputesOf(paypal, order) };
      }),
    find: async ({ reference, captureId: named, disputeId }) => {
      if (reference !== undefined) return reference;
      const captureId = named ?? (disputeId && (await knownOrNot(() => disputedCapture(paypal, disputeId))));
      return captureId === undefined ? undefined : knownOrNot(() => captureOwner(captureId));
    },
  };
}

async function knownOrNot<Answer>(request: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asking(request);
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return undefined;
    throw error;
  }
}

async function listMovements(paypal: Paypal, { from, until, cursor }: RecordQuestion): Promise<RecordPage> {
  const page = cursor === undefined ? 1 : Number(cursor);
  const { transactionDetails = [], totalPages = 0 } = await paypal.ask((api) =>
    api.reports.searchTransactions({
      startDate: toTimestamp(from),
      endDate: toTimestamp(until),
      fields: "transaction_info",
      pageSize: transactionsMax,
      page,
    }),
  );
  return {
    records: transactionDetails.flatMap(({ transactionInfo }) => recordsOf(transactionInfo)),
    next: page < totalPages ? String(page + 1) : undefined,
  };
}

/** Transactions by the first digits of their code: payments received; refunds, reversals and chargebacks. */
const paymentCode = /^T00/;
const returnCode = /^T1[12]/;

function recordsOf(transaction: TransactionInformation | undefined): ProviderRecord[] {
  const { transactionId: id, transactionAmount: money, transactionEventCode: code = "" } = transaction ?? {};
  if (id === undefined || money === undefined) return [];
  const { invoiceId: attemptId, transactionStatus: status } = transaction ?? {};
  // What is pending will be reported once more, and what was denied moved nothing.
  const isPayment = paymentCode.test(code) && (status === "S" || status === "V");
  // What the shop pays others is negative.
  if (isPayment && !money.value.startsWith("-")) {
    const { currencyCode: currency, value } = money;
    const amount = minorUnitsOfPaypal(value, currency);
    return [{ kind: "capture", of: { captureId: id, attemptId }, amount, currency }];
  }
  if (!returnCode.test(code)) return [];
  const captureId = transaction?.paypalReferenceId;
  return [{ kind: "refund", of: { captureId, attemptId }, reference: id, hasFailed: status === "D" }];
}

const Link = z.object({ href: z.string(), rel: z.string() });
const Money = z.object({ currency_code: z.string(), value: z.string() });
const Dispute = z.object({
  dispute_id: z.string(),
  create_time: z.string(),
  update_time: z.string().optional(),
  reason: z.string().default("unknown"),
  status: z.string(),
  dispute_amount: Money.optional(),
  dispute_outcome: z.object({ outcome_code: z.string().optional() }).optional(),
  disputed_transactions: z.array(z.object({ seller_transaction_id: z.string().optional() })).default([]),
});
type Dispute = z.infer<typeof Dispute>;
const DisputePage = z.object({ items: z.array(Dispute).default([]), links: z.array(Link).default([]) });

async function listDisputes(paypal: Paypal, { from, until, cursor }: RecordQuestion): Promise<RecordPage> {
  const page = DisputePage.parse(
    await paypal.read(disputesPath, {
      update_time_after: toTimestamp(from),
      update_time_before: toTimestamp(until),
      page_size: String(disputesMax),
      ...(cursor === undefined ? {} : { next_page_token: cursor }),
    }),
  );
  const records = page.items.map(({ dispute_id: reference, status }): ProviderRecord => {
    const isDecided = status === "RESOLVED";
    return { kind: "dispute", of: { disputeId: reference }, reference, isDecided };
  });
  const next = page.links.find(({ rel }) => rel === "next")?.href;
  const token = next === undefined ? undefined : new URL(next).searchParams.get("next_page_token");
  return { records, next: token ?? undefined };
}

/** Only a dispute's details name what is disputed. */
async function disputedCapture(paypal: Paypal, disputeId: string): Promise<string | undefined> {
  const {
    disputed_transactions: [disputed],
  } = await readDispute(paypal, disputeId);
  return disputed?.seller_transaction_id;
}

async function readDispute(paypal: Paypal, id: string): Promise<Dispute> {
  return Dispute.parse(await paypal.read(`${disputesPath}/${encodeURIComponent(id)}`, {}));
}

async function disputesOf(paypal: Paypal, order: Order): Promise<RecordedDispute[]> {
  const captures = (order.purchaseUnits?.[0]?.payments?.captures ?? []).filter(isTaken);
  const found: RecordedDispute[] = [];
  for (const { id: captureId } of captures) {
    if (captureId === undefined) continue;
    const page = DisputePage.parse(
      await paypal.read(disputesPath, { disputed_transaction_id: captureId, page_size: String(disputesMax) }),
    );
    for (const { dispute_id: id } of page.items) found.push(disputeFacts(await readDispute(paypal, id)));
  }
  return found;
}

function disputeFacts({ dispute_id: reference, status, reason, ...dispute }: Dispute): RecordedDispute {
  const { currency_code: currency, value } = Money.parse(dispute.dispute_amount);
  return {
    reference,
    status: status === "RESOLVED" ? paypalDisputeOutcome(dispute.dispute_outcome?.outcome_code) : "open",
    amount: minorUnitsOfPaypal(value, currency),
    currency,
    reason: reason.toLowerCase(),
    reportedAt: epochMs(Date.parse(dispute.update_time ?? dispute.create_time)),
  };
}

/** Only what was decided for the buyer costs the shop its money. */
export function paypalDisputeOutcome(code: string | undefined): DisputeFacts["status"] {
  return code === "RESOLVED_BUYER_FAVOUR" || code === "ACCEPTED" ? "lost" : "won";
}
