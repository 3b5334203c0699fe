import { createHash } from "node:crypto";

/** What paying with a card leads to. */
export type CardBehaviour =
  | { kind: "approve" }
  | { kind: "approve_available_at_once" }
  | { kind: "decline"; code: string; declineCode: string; message: string }
  | { kind: "authenticate"; afterwards: "approve" | "insufficient_funds" }
  | { kind: "process" }
  | { kind: "dispute"; reason: string; isInquiry: boolean }
  | { kind: "refund_pending" }
  | { kind: "refund_fails" };

export type TestCard = {
  /** `visa` stands for the sentinels `pm_card_visa` and `tok_visa`. */
  name: string;
  number: string;
  brand: string;
  /** For the person who chooses a card on the pay page. */
  title: string;
  behaviour: CardBehaviour;
};

const approve: CardBehaviour = { kind: "approve" };

function declined(declineCode: string, message: string, code = "card_declined"): CardBehaviour {
  return { kind: "decline", code, declineCode, message };
}

const insufficientFunds = declined("insufficient_funds", "Your card has insufficient funds.");

function visa(name: string, number: string, outcome: { title: string; behaviour: CardBehaviour }): TestCard {
  return { name, number, brand: "visa", ...outcome };
}

/** Stripe's test cards and their outcomes, from https://docs.stripe.com/testing; `simulatorProcessing` is our own. */
export const TEST_CARDS: readonly TestCard[] = [
  visa("visa", "4242424242424242", { title: "Visa: pays", behaviour: approve }),
  visa("visa_debit", "4000056655665556", { title: "Visa debit: pays", behaviour: approve }),
  {
    name: "mastercard",
    number: "5555555555554444",
    brand: "mastercard",
    title: "Mastercard: pays",
    behaviour: approve,
  },
  {
    name: "amex",
    number: "378282246310005",
    brand: "amex",
    title: "American Express: pays",
    behaviour: approve,
  },
  visa("bypassPending", "4000000000000077", {
    title: "Pays, money available at once",
    behaviour: { kind: "approve_available_at_once" },
  }),
  visa("authenticationRequired", "4000002500003155", {
    title: "Asks for authentication",
    behaviour: { kind: "authenticate", afterwards: "approve" },
  }),
  visa("threeDSecure2Required", "4000000000003220", {
    title: "Asks for 3D Secure 2",
    behaviour: { kind: "authenticate", afterwards: "approve" },
  }),
  visa("authenticationRequiredChargeDeclinedInsufficientFunds", "4000008260003178", {
    title: "Asks for authentication, then has insufficient funds",
    behaviour: { kind: "authenticate", afterwards: "insufficient_funds" },
  }),
  visa("chargeDeclined", "4000000000000002", {
    title: "Declined",
    behaviour: declined("generic_decline", "Your card was declined."),
  }),
  visa("chargeDeclinedInsufficientFunds", "4000000000009995", {
    title: "Declined: insufficient funds",
    behaviour: insufficientFunds,
  }),
  visa("visa_chargeDeclinedLostCard", "4000000000009987", {
    title: "Declined: lost card",
    behaviour: declined("lost_card", "Your card was declined."),
  }),
  visa("visa_chargeDeclinedStolenCard", "4000000000009979", {
    title: "Declined: stolen card",
    behaviour: declined("stolen_card", "Your card was declined."),
  }),
  visa("chargeDeclinedFraudulent", "4100000000000019", {
    title: "Declined: blocked as fraudulent",
    behaviour: declined("fraudulent", "Your card was declined."),
  }),
  visa("chargeDeclinedExpiredCard", "4000000000000069", {
    title: "Declined: expired card",
    behaviour: declined("expired_card", "Your card has expired.", "expired_card"),
  }),
  visa("chargeDeclinedIncorrectCvc", "4000000000000127", {
    title: "Declined: wrong security code",
    behaviour: declined("incorrect_cvc", "Your card's security code is incorrect.", "incorrect_cvc"),
  }),
  visa("chargeDeclinedProcessingError", "4000000000000119", {
    title: "Declined: processing error",
    behaviour: declined(
      "processing_error",
      "An error occurred while processing your card. Try again in a little bit.",
      "processing_error",
    ),
  }),
  visa("createDispute", "4000000000000259", {
    title: "Pays, then disputed as fraudulent",
    behaviour: { kind: "dispute", reason: "fraudulent", isInquiry: false },
  }),
  visa("createDisputeProductNotReceived", "4000000000002685", {
    title: "Pays, then disputed as not received",
    behaviour: { kind: "dispute", reason: "product_not_received", isInquiry: false },
  }),
  visa("createDisputeInquiry", "4000000000001976", {
    title: "Pays, then an inquiry",
    behaviour: { kind: "dispute", reason: "fraudulent", isInquiry: true },
  }),
  visa("pendingRefund", "4000000000007726", {
    title: "Pays; a refund stays pending for a while",
    behaviour: { kind: "refund_pending" },
  }),
  visa("refundFail", "4000000000005126", {
    title: "Pays; a refund fails later",
    behaviour: { kind: "refund_fails" },
  }),
  visa("simulatorProcessing", "4000000000000990", {
    title: "Processing for a while, then pays",
    behaviour: { kind: "process" },
  }),
];

const byName = new Map(TEST_CARDS.map((card) => [card.name, card]));
const byNumber = new Map(TEST_CARDS.map((card) => [card.number, card]));
const byFingerprint = new Map(TEST_CARDS.map((card) => [fingerprintOf(card), card]));

/** Finds the card behind `pm_card_visa` or `tok_visa`. */
export function cardOfSentinel(sentinel: string): TestCard | undefined {
  return byName.get(sentinel.replace(/^(?:pm_card|tok)_/, ""));
}

export function cardOfNumber(number: string): TestCard | undefined {
  return byNumber.get(number.replaceAll(" ", ""));
}

/** A stored payment method keeps no number; like Stripe's, its fingerprint tells which card it is. */
export function cardOfFingerprint(fingerprint: string): TestCard | undefined {
  return byFingerprint.get(fingerprint);
}

export function fingerprintOf(card: TestCard): string {
  return createHash("sha256").update(card.number).digest("base64").replace(/\W/g, "").slice(0, 16);
}
