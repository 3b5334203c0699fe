import type { Stripe } from "stripe";
import { z } from "zod";
import { moveMoney } from "./balance-transactions.ts";
import { findCharge, methodOf } from "./charges.ts";
import { recordEvent } from "./events.ts";
import { invalidRequest, noSuch, type StripeFailure } from "./failure.ts";
import { newId } from "./ids.ts";
import { createdFilter, equalTo, listPage, pagination } from "./list-page.ts";
import { accepted, amountMinor, expandable, mergeMetadata, metadata, parseParameters } from "./parameters.ts";
import { findIntent } from "./payment-intents.ts";
import { behaviourOf } from "./payment-methods.ts";
import { answer, type Call, type Reply, type Work } from "./simulation.ts";

const REFUND_SETTLES_AFTER_SECONDS = 30;

const CreateRefund = z.strictObject({
  ...expandable,
  amount: amountMinor.optional(),
  charge: z.string().optional(),
  metadata: metadata.optional(),
  payment_intent: z.string().optional(),
  reason: z.enum(["duplicate", "fraudulent", "requested_by_customer"]).optional(),
  ...accepted("instructions_email", "refund_application_fee", "reverse_transfer"),
});
type CreateRefund = z.infer<typeof CreateRefund>;

/** Gives back at most what was captured and not yet given back. */
export function createRefund(work: Work, call: Call): Reply {
  const parameters = parseParameters(CreateRefund, call.fields);
  const charge = chargeToRefund(work, parameters);
  const refundable = charge.amount - charge.amount_refunded;
  if (refundable === 0 || charge.refunded) {
    throw refusal(`Charge ${charge.id} has already been refunded.`, "charge_already_refunded");
  }
  if (charge.disputed)
    throw refusal(`Charge ${charge.id} has been charged back; cannot issue a refund.`, "charge_disputed");
  const amount = parameters.amount ?? refundable;
  if (amount > refundable) {
    throw invalidRequest(
      `Refund amount (${amount}) is greater than unrefunded amount on charge (${refundable}), in minor units.`,
      { param: "amount" },
    );
  }
  return answer(giveBack(work, charge, { amount, parameters }));
}

function refusal(message: string, code: string): StripeFailure {
  return invalidRequest(message, { code });
}

function chargeToRefund(
  work: Work,
  { charge: chargeId, payment_intent: intentId }: CreateRefund,
): Stripe.Charge {
  if (chargeId === undefined && intentId === undefined) {
    throw invalidRequest(
      "One of the following params should be provided for this request: payment_intent or charge.",
      {
        code: "parameter_missing",
      },
    );
  }
  const intent = intentId === undefined ? undefined : findIntent(work, intentId);
  const found = chargeId ?? intent?.latest_charge;
  const charge = typeof found === "string" ? findCharge(work, found, "charge") : undefined;
  if (charge?.captured !== true) {
    throw invalidRequest(
      intent === undefined
        ? `Charge ${chargeId} has not been captured. Cancel its PaymentIntent to release the authorisation.`
        : `This PaymentIntent (${intent.id}) does not have a successful charge to refund.`,
      { param: intent === undefined ? "charge" : "payment_intent" },
    );
  }
  if (intent !== undefined && charge.payment_intent !== intent.id) {
    throw invalidRequest("The charge does not belong to the PaymentIntent.", { param: "charge" });
  }
  return charge;
}

function giveBack(
  work: Work,
  charge: Stripe.Charge,
  { amount, parameters }: { amount: number; parameters: CreateRefund },
): Stripe.Refund {
  const behaviour = behaviourOf(methodOf(work, charge)).kind;
  const refund = buildRefund(work, charge, { amount, parameters });
  refund.status = behaviour === "refund_pending" ? "pending" : "succeeded";
  refund.balance_transaction = moveMoney(work, {
    type: "refund",
    category: "refund",
    amount: -amount,
    fee: 0,
    currency: charge.currency,
    source: refund.id,
    description: "REFUND FOR CHARGE",
  }).id;
  work.store.save(refund);
  const dueAt = work.clock.nowSeconds() + REFUND_SETTLES_AFTER_SECONDS;
  if (behaviour === "refund_pending") work.timers.set({ kind: "settle_refund", objectId: refund.id }, dueAt);
  if (behaviour === "refund_fails") work.timers.set({ kind: "fail_refund", objectId: refund.id }, dueAt);
  const refunded = withRefunded(work, charge, charge.amount_refunded + amount);
  recordEvent(work, "refund.created", { object: refund });
  recordEvent(work, "charge.refunded", { object: refunded, before: charge });
  return refund;
}

function withRefunded(work: Work, charge: Stripe.Charge, amountRefunded: number): Stripe.Charge {
  const updated = { ...charge, amount_refunded: amountRefunded, refunded: amountRefunded === charge.amount };
  work.store.save(updated);
  return updated;
}

function buildRefund(
  work: Work,
  charge: Stripe.Charge,
  { amount, parameters }: { amount: number; parameters: CreateRefund },
): Stripe.Refund {
  return {
    id: newId("re"),
    object: "refund",
    amount,
    balance_transaction: null,
    charge: charge.id,
    created: work.clock.nowSeconds(),
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: {
      card: { reference_status: "pending", reference_type: "acquirer_reference_number", type: "refund" },
      type: "card",
    },
    metadata: mergeMetadata({}, parameters.metadata),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: parameters.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: "pending",
    transfer_reversal: null,
  };
}

export function settleRefund(work: Work, refund: Stripe.Refund): void {
  const settled: Stripe.Refund = { ...refund, status: "succeeded" };
  work.store.save(settled);
  recordEvent(work, "refund.updated", { object: settled, before: refund });
  recordEvent(work, "charge.refund.updated", { object: settled, before: refund });
}

/** The buyer's bank could not take the money: it comes back to the shop's balance. */
export function failRefund(work: Work, refund: Stripe.Refund): void {
  if (typeof refund.charge !== "string") throw new Error(`Refund ${refund.id} has no charge.`);
  const charge = findCharge(work, refund.charge, "charge");
  const returned = moveMoney(work, {
    type: "refund_failure",
    category: "refund_failure",
    amount: refund.amount,
    fee: 0,
    currency: refund.currency,
    source: refund.id,
    description: "REFUND FAILURE FOR CHARGE",
  });
  const failed: Stripe.Refund = {
    ...refund,
    failure_balance_transaction: returned.id,
    failure_reason: "expired_or_canceled_card",
    status: "failed",
  };
  work.store.save(failed);
  withRefunded(work, charge, charge.amount_refunded - refund.amount);
  recordEvent(work, "refund.failed", { object: failed });
  recordEvent(work, "refund.updated", { object: failed, before: refund });
  recordEvent(work, "charge.refund.updated", { object: failed, before: refund });
}

export function findRefund(work: Work, id: string): Stripe.Refund {
  const refund = work.store.find("refund", id);
  if (refund === undefined) throw noSuch("refund", id, "id");
  return refund;
}

export function retrieveRefund(work: Work, _call: Call, id: string): Reply {
  return answer(findRefund(work, id));
}

const UpdateRefund = z.strictObject({ ...expandable, metadata: metadata.optional() });

export function updateRefund(work: Work, call: Call, id: string): Reply {
  const parameters = parseParameters(UpdateRefund, call.fields);
  const refund = findRefund(work, id);
  const updated = { ...refund, metadata: mergeMetadata(refund.metadata ?? {}, parameters.metadata) };
  work.store.save(updated);
  recordEvent(work, "refund.updated", { object: updated, before: refund });
  return answer(updated);
}

/** Only refunds that wait for the buyer can be cancelled, and a card's refund never does. */
export function cancelRefund(work: Work, _call: Call, id: string): Reply {
  const refund = findRefund(work, id);
  throw invalidRequest(`Refund ${id} cannot be canceled because it has a status of ${refund.status}.`, {
    code: "status_transition_invalid",
  });
}

const ListRefunds = z.strictObject({
  ...pagination,
  charge: z.string().optional(),
  payment_intent: z.string().optional(),
});

export function listRefunds(work: Work, call: Call): Reply {
  const parameters = parseParameters(ListRefunds, call.fields);
  const { charge, payment_intent } = parameters;
  const conditions = [...createdFilter(parameters), ...equalTo({ charge, payment_intent })];
  return answer(listPage(work, { name: "refund", url: "/v1/refunds", parameters, conditions }));
}
