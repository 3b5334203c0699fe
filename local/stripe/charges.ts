import type { Stripe } from "stripe";
import { z } from "zod";
import { cardFee, moveMoney } from "./balance-transactions.ts";
import { recordEvent } from "./events.ts";
import { noSuch } from "./failure.ts";
import { newId } from "./ids.ts";
import { createdFilter, equalTo, listPage, pagination } from "./list-page.ts";
import { expandable, mergeMetadata, metadata, parseParameters } from "./parameters.ts";
import { behaviourOf } from "./payment-methods.ts";
import { answer, type Call, type Reply, type Work } from "./simulation.ts";

export const AUTHORISATION_VALID_SECONDS = 7 * 24 * 60 * 60;

const DISPUTE_AFTER_SECONDS = 5;

export type Decline = { code: string; declineCode: string; message: string };

type ChargeOutcome = { status: "succeeded" | "pending" } | { status: "failed"; decline: Decline };

/** An attempt to take an intent's money. Nothing is captured yet, whatever the outcome. */
export function storeCharge(
  work: Work,
  intent: Stripe.PaymentIntent,
  attempt: { method: Stripe.PaymentMethod; outcome: ChargeOutcome },
): Stripe.Charge {
  const { method, outcome } = attempt;
  const decline = outcome.status === "failed" ? outcome.decline : undefined;
  const charge: Stripe.Charge = {
    ...blankCharge(work, intent),
    billing_details: method.billing_details,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    outcome: networkOutcome(outcome),
    paid: outcome.status === "succeeded",
    payment_method: method.id,
    payment_method_details: { card: chargedCard(work, intent, method), type: "card" },
    status: outcome.status,
  };
  work.store.save(charge);
  return charge;
}

function blankCharge(work: Work, intent: Stripe.PaymentIntent): Stripe.Charge {
  const id = newId("ch");
  return {
    id,
    object: "charge",
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    calculated_statement_descriptor: "LOCAL SHOP",
    captured: false,
    created: work.clock.nowSeconds(),
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata: intent.metadata,
    on_behalf_of: null,
    outcome: null,
    paid: false,
    payment_intent: intent.id,
    payment_method: null,
    payment_method_details: null,
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: intent.shipping,
    source: null,
    source_transfer: null,
    statement_descriptor: intent.statement_descriptor,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status: "pending",
    transfer_data: null,
    transfer_group: intent.transfer_group,
  };
}

function networkOutcome(outcome: ChargeOutcome): Stripe.Charge.Outcome {
  const decline = outcome.status === "failed" ? outcome.decline : undefined;
  return {
    advice_code: decline === undefined ? null : "try_again_later",
    network_advice_code: null,
    network_decline_code: decline === undefined ? null : "01",
    network_status: decline === undefined ? "approved_by_network" : "declined_by_network",
    reason: decline?.declineCode ?? null,
    risk_level: "normal",
    risk_score: 20,
    seller_message: decline === undefined ? "Payment complete." : "The bank declined the payment.",
    type: decline === undefined ? "authorized" : "issuer_declined",
  };
}

function chargedCard(
  work: Work,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
): Stripe.Charge.PaymentMethodDetails.Card {
  const { card } = method;
  if (card === undefined) throw new Error(`Payment method ${method.id} is no card.`);
  const isManual = intent.capture_method === "manual";
  return {
    amount_authorized: intent.amount,
    authorization_code: "123456",
    brand: card.brand,
    ...(isManual ? { capture_before: work.clock.nowSeconds() + AUTHORISATION_VALID_SECONDS } : {}),
    checks: card.checks,
    country: card.country,
    electronic_commerce_indicator: null,
    exp_month: card.exp_month,
    exp_year: card.exp_year,
    extended_authorization: { status: "disabled" },
    fingerprint: card.fingerprint ?? null,
    funding: card.funding,
    incremental_authorization: { status: "unavailable" },
    installments: null,
    last4: card.last4,
    mandate: null,
    multicapture: { status: "unavailable" },
    network: card.brand,
    network_token: { used: false },
    network_transaction_id: newId("ntx"),
    overcapture: { maximum_amount_capturable: intent.amount, status: "unavailable" },
    regulated_status: card.regulated_status,
    three_d_secure: null,
    transaction_link_id: null,
    wallet: null,
  };
}

/** What is not captured is released, which Stripe books as refunded on the charge. */
export function captureCharge(work: Work, charge: Stripe.Charge, amount: number): Stripe.Charge {
  const behaviour = behaviourOf(methodOf(work, charge));
  const transaction = moveMoney(work, {
    type: "charge",
    category: "charge",
    amount,
    fee: cardFee(amount),
    currency: charge.currency,
    source: charge.id,
    description: charge.description,
    availableAtOnce: behaviour.kind === "approve_available_at_once",
  });
  const captured: Stripe.Charge = {
    ...charge,
    amount_captured: amount,
    amount_refunded: charge.amount - amount,
    balance_transaction: transaction.id,
    captured: true,
    paid: true,
    receipt_url: `https://pay.stripe.example/receipts/${charge.id}`,
    status: "succeeded",
  };
  work.store.save(captured);
  if (behaviour.kind === "dispute") {
    const dueAt = work.clock.nowSeconds() + DISPUTE_AFTER_SECONDS;
    work.timers.set({ kind: "open_dispute", objectId: charge.id }, dueAt);
  }
  return captured;
}

/** Gives an uncaptured authorisation back. */
export function releaseCharge(work: Work, charge: Stripe.Charge): Stripe.Charge {
  const released: Stripe.Charge = { ...charge, amount_refunded: charge.amount, refunded: true };
  work.store.save(released);
  return released;
}

export function methodOf(work: Work, charge: Stripe.Charge): Stripe.PaymentMethod {
  const method = work.store.find("payment_method", charge.payment_method ?? "");
  if (method === undefined) throw new Error(`Charge ${charge.id} has lost its payment method.`);
  return method;
}

export function findCharge(work: Work, id: string, param: string): Stripe.Charge {
  const charge = work.store.find("charge", id);
  if (charge === undefined) throw noSuch("charge", id, param);
  return charge;
}

export function retrieveCharge(work: Work, _call: Call, id: string): Reply {
  return answer(findCharge(work, id, "id"));
}

const UpdateCharge = z.strictObject({
  ...expandable,
  description: z.string().optional(),
  metadata: metadata.optional(),
  receipt_email: z.string().optional(),
});

export function updateCharge(work: Work, call: Call, id: string): Reply {
  const parameters = parseParameters(UpdateCharge, call.fields);
  const charge = findCharge(work, id, "id");
  const updated: Stripe.Charge = {
    ...charge,
    description: parameters.description ?? charge.description,
    metadata: mergeMetadata(charge.metadata, parameters.metadata),
    receipt_email: parameters.receipt_email ?? charge.receipt_email,
  };
  work.store.save(updated);
  recordEvent(work, "charge.updated", { object: updated, before: charge });
  return answer(updated);
}

const ListCharges = z.strictObject({
  ...pagination,
  customer: z.string().optional(),
  payment_intent: z.string().optional(),
});

export function listCharges(work: Work, call: Call): Reply {
  const parameters = parseParameters(ListCharges, call.fields);
  const { customer, payment_intent } = parameters;
  const conditions = [...createdFilter(parameters), ...equalTo({ customer, payment_intent })];
  return answer(listPage(work, { name: "charge", url: "/v1/charges", parameters, conditions }));
}
