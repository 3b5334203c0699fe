import type { Stripe } from "stripe";
import { z } from "zod";
import { moveMoney } from "./balance-transactions.ts";
import { methodOf } from "./charges.ts";
import { recordEvent } from "./events.ts";
import { invalidRequest, noSuch } from "./failure.ts";
import { newId } from "./ids.ts";
import { createdFilter, equalTo, listPage, pagination } from "./list-page.ts";
import { expandable, mergeMetadata, metadata, parseParameters, truth } from "./parameters.ts";
import { behaviourOf } from "./payment-methods.ts";
import { answer, type Call, type Reply, type Work } from "./simulation.ts";

const DISPUTE_FEE_MINOR = 1_500;
const EVIDENCE_DUE_AFTER_SECONDS = 9 * 24 * 60 * 60;

/** The buyer's bank asks for the money back. An inquiry moves none yet. */
export function openDispute(work: Work, charge: Stripe.Charge): void {
  const behaviour = behaviourOf(methodOf(work, charge));
  if (behaviour.kind !== "dispute") throw new Error(`Charge ${charge.id} is not paid by a disputing card.`);
  const { isInquiry, reason } = behaviour;
  const dispute = buildDispute(work, charge, { isInquiry, reason });
  work.store.save(dispute);
  if (isInquiry) {
    recordEvent(work, "charge.dispute.created", { object: dispute });
    return;
  }
  work.store.save({ ...charge, disputed: true });
  recordEvent(work, "charge.dispute.created", { object: dispute });
  const withdrawn = withMovement(work, dispute, -1);
  recordEvent(work, "charge.dispute.funds_withdrawn", { object: withdrawn });
}

function withMovement(work: Work, dispute: Stripe.Dispute, direction: 1 | -1): Stripe.Dispute {
  const transaction = moveMoney(work, {
    type: "adjustment",
    category: direction === -1 ? "dispute" : "dispute_reversal",
    amount: direction * dispute.amount,
    fee: direction === -1 ? DISPUTE_FEE_MINOR : 0,
    currency: dispute.currency,
    source: dispute.id,
    description: direction === -1 ? "Chargeback withdrawal" : "Chargeback reversal",
  });
  const moved = { ...dispute, balance_transactions: [...dispute.balance_transactions, transaction] };
  work.store.save(moved);
  return moved;
}

const NO_EVIDENCE: Stripe.Dispute.Evidence = {
  access_activity_log: null,
  billing_address: null,
  cancellation_policy: null,
  cancellation_policy_disclosure: null,
  cancellation_rebuttal: null,
  customer_communication: null,
  customer_email_address: null,
  customer_name: null,
  customer_purchase_ip: null,
  customer_signature: null,
  duplicate_charge_documentation: null,
  duplicate_charge_explanation: null,
  duplicate_charge_id: null,
  enhanced_evidence: {},
  product_description: null,
  receipt: null,
  refund_policy: null,
  refund_policy_disclosure: null,
  refund_refusal_explanation: null,
  service_date: null,
  service_documentation: null,
  shipping_address: null,
  shipping_carrier: null,
  shipping_date: null,
  shipping_documentation: null,
  shipping_tracking_number: null,
  uncategorized_file: null,
  uncategorized_text: null,
};

function buildDispute(
  work: Work,
  charge: Stripe.Charge,
  { isInquiry, reason }: { isInquiry: boolean; reason: string },
): Stripe.Dispute {
  const created = work.clock.nowSeconds();
  return {
    id: newId("dp"),
    object: "dispute",
    amount: charge.amount_captured,
    balance_transactions: [],
    charge: charge.id,
    created,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: NO_EVIDENCE,
    evidence_details: {
      due_by: created + EVIDENCE_DUE_AFTER_SECONDS,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: "not_submitted",
    },
    intended_submission_method: null,
    is_charge_refundable: isInquiry,
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    payment_method_details: {
      card: {
        brand: "visa",
        case_type: isInquiry ? "inquiry" : "chargeback",
        network: "visa",
        network_reason_code: "10.4",
      },
      type: "card",
    },
    reason,
    status: isInquiry ? "warning_needs_response" : "needs_response",
  };
}

const UpdateDispute = z.strictObject({
  ...expandable,
  evidence: z.partialRecord(z.enum(["product_description", "uncategorized_text"]), z.string()).optional(),
  metadata: metadata.optional(),
  submit: truth.optional(),
});

/** As in Stripe's test mode, the text `winning_evidence` wins the dispute and `losing_evidence` loses it. */
export function updateDispute(work: Work, call: Call, id: string): Reply {
  const parameters = parseParameters(UpdateDispute, call.fields);
  const dispute = findDispute(work, id);
  const evidence = { ...dispute.evidence, ...parameters.evidence };
  const updated: Stripe.Dispute = {
    ...dispute,
    evidence,
    evidence_details: { ...dispute.evidence_details, has_evidence: parameters.evidence !== undefined },
    metadata: mergeMetadata(dispute.metadata, parameters.metadata),
  };
  work.store.save(updated);
  recordEvent(work, "charge.dispute.updated", { object: updated, before: dispute });
  if (evidence.uncategorized_text === "winning_evidence") return answer(close(work, updated, "won"));
  if (evidence.uncategorized_text === "losing_evidence") return answer(close(work, updated, "lost"));
  return answer(updated);
}

/** The shop gives in. */
export function closeDispute(work: Work, _call: Call, id: string): Reply {
  return answer(close(work, findDispute(work, id), "lost"));
}

function close(work: Work, dispute: Stripe.Dispute, status: "won" | "lost"): Stripe.Dispute {
  if (dispute.status === "won" || dispute.status === "lost") {
    throw invalidRequest("This dispute is already closed.");
  }
  const closed: Stripe.Dispute = { ...dispute, status };
  work.store.save(closed);
  recordEvent(work, "charge.dispute.closed", { object: closed, before: dispute });
  if (status === "lost" || dispute.balance_transactions.length === 0) return closed;
  const reinstated = withMovement(work, closed, 1);
  recordEvent(work, "charge.dispute.funds_reinstated", { object: reinstated });
  return reinstated;
}

function findDispute(work: Work, id: string): Stripe.Dispute {
  const dispute = work.store.find("dispute", id);
  if (dispute === undefined) throw noSuch("dispute", id, "id");
  return dispute;
}

export function retrieveDispute(work: Work, _call: Call, id: string): Reply {
  return answer(findDispute(work, id));
}

const ListDisputes = z.strictObject({
  ...pagination,
  charge: z.string().optional(),
  payment_intent: z.string().optional(),
});

export function listDisputes(work: Work, call: Call): Reply {
  const parameters = parseParameters(ListDisputes, call.fields);
  const { charge, payment_intent } = parameters;
  const conditions = [...createdFilter(parameters), ...equalTo({ charge, payment_intent })];
  return answer(listPage(work, { name: "dispute", url: "/v1/disputes", parameters, conditions }));
}
