import { expect, test } from "vitest";
import { disputeFactsOf } from "#features/payments/dispute-facts";
import { withoutPersonalMembers } from "#features/payments/personal-members";
import { claimsOfPaypalEvent, partyOfPaypalEvent } from "#providers/paypal-claims";
import { PaypalEvent, subjectOfPaypalEvent } from "#providers/paypal-events";
import { claimsOfStripeEvent, partyOfStripeEvent } from "#providers/stripe-claims";

const person = "Ada Canary";

const charge = {
  object: "event",
  id: "evt_1",
  type: "charge.refunded",
  livemode: false,
  account: "acct_1",
  data: {
    object: {
      object: "charge",
      id: "ch_1",
      payment_intent: "pi_1",
      amount: 500,
      currency: "usd",
      metadata: { order_id: "ord_1", attempt_id: "pay_1" },
      billing_details: { name: person, email: person, address: { line1: person }, phone: person },
      receipt_email: person,
      shipping: { name: person, address: { city: person } },
      payment_method_details: { card: { last4: person, wallet: { google_pay: person } } },
    },
    previous_attributes: { receipt_email: person },
  },
};

const stripeDispute = {
  type: "charge.dispute.created",
  livemode: false,
  data: {
    object: {
      object: "dispute",
      id: "du_1",
      amount: 500,
      currency: "usd",
      reason: "fraudulent",
      status: "needs_response",
      evidence: { customer_name: person, customer_purchase_ip: person },
    },
  },
};

const approval = {
  id: "WH-1",
  event_type: "CHECKOUT.ORDER.APPROVED",
  create_time: "2026-03-01T00:00:00Z",
  resource: {
    id: "ORDER-1",
    payer: { name: { given_name: person, surname: person }, email_address: person },
    payment_source: { paypal: { email_address: person } },
    purchase_units: [
      {
        reference_id: "ord_1",
        custom_id: "pay_1",
        invoice_id: "pay_1",
        amount: { value: "5.00", currency_code: "USD" },
        payee: { merchant_id: "MERCHANT", email_address: person },
        shipping: { name: { full_name: person }, address: { address_line_1: person } },
      },
    ],
    links: [{ href: "https://api.sandbox.paypal.com/v2/checkout/orders/ORDER-1", rel: "self" }],
  },
};

const paypalDispute = {
  id: "WH-2",
  event_type: "CUSTOMER.DISPUTE.RESOLVED",
  create_time: "2026-03-01T00:00:00Z",
  resource: {
    dispute_id: "PP-1",
    status: "RESOLVED",
    reason: "UNAUTHORISED",
    dispute_amount: { value: "5.00", currency_code: "USD" },
    dispute_outcome: { outcome_code: "RESOLVED_BUYER_FAVOUR" },
    disputed_transactions: [
      {
        seller_transaction_id: "CAPTURE-1",
        buyer: { name: person, email: person },
        seller: { merchant_id: "MERCHANT", name: person, email: person },
      },
    ],
    messages: [{ content: person }],
  },
};

test.each([
  ["Stripe charge", charge],
  ["Stripe dispute", stripeDispute],
  ["PayPal order", approval],
  ["PayPal dispute", paypalDispute],
])("nobody is named by what is kept of a %s", (_what, event) => {
  expect(JSON.stringify(event)).toContain(person);
  expect(JSON.stringify(withoutPersonalMembers(event))).not.toContain(person);
});

test("what is kept of an event decides as the whole event does", () => {
  for (const event of [charge, stripeDispute]) {
    const kept = withoutPersonalMembers(event);
    expect(claimsOfStripeEvent(kept)).toEqual(claimsOfStripeEvent(event));
    expect(partyOfStripeEvent(kept)).toEqual(partyOfStripeEvent(event));
    expect(disputeFactsOf("stripe", kept)).toEqual(disputeFactsOf("stripe", event));
  }
  for (const event of [approval, paypalDispute]) {
    const kept = withoutPersonalMembers(event);
    expect(claimsOfPaypalEvent(kept)).toEqual(claimsOfPaypalEvent(event));
    expect(partyOfPaypalEvent(kept)).toEqual(partyOfPaypalEvent(event));
    expect(disputeFactsOf("paypal", kept)).toEqual(disputeFactsOf("paypal", event));
    expect(subjectOfPaypalEvent(PaypalEvent.parse(kept))).toEqual(
      subjectOfPaypalEvent(PaypalEvent.parse(event)),
    );
  }
  expect(claimsOfStripeEvent(charge)).toMatchObject({ order: "ord_1", attempt: "pay_1", amount: 500 });
  expect(disputeFactsOf("paypal", paypalDispute)).toMatchObject({ amount: 500, reason: "unauthorised" });
});
