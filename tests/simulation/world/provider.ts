import type { OutsideProvider, PaymentFacts, RefundFacts } from "#core/payment-facts";
import type { EpochMs } from "#core/time";
import type { DisputeFacts } from "#core/payment-facts";
import type { PaymentRequest, RefundRequest } from "#providers/payment-gateway";
import { Fault, Violation } from "../network.ts";
import type { DisputeReport } from "./rows.ts";

/** What is more than a step of the shop's own payment: the provider tells it until it was heard. */
export type News = { readonly dispute: DisputeReport | undefined };

type ProviderHooks = {
  now: () => EpochMs;
  /** Something happened to this payment: the shop is to be told, some time or other. */
  notify: (reference: string, news?: News) => void;
  /** Called before the shop's capture takes effect. */
  onCapture: (facts: PaymentFacts) => void;
  /** Whether the bank takes its authorisation back, or just gives no money, when it is asked for. */
  refusesCapture: () => "no" | "voids" | "declines";
  /** Whether a write breaks down, before or after its effect: the 500 is its key's answer from then on. */
  breaksDown: () => "no" | "before" | "after";
  /** What becomes of a refund: at once, or later. */
  refundGoes: () => { at: "once" | "later"; state: "succeeded" | "failed" };
  later: (run: () => void) => void;
};

/** Approved, declined, stopped by a question to the buyer, or by a way of paying that moves the money at once. */
export type PayOutcome = "approve" | "decline" | "challenge" | "transfer";

/** When idempotency keys are forgotten; providers keep them a day or longer, which would only take longer here. */
const keyMsMax = 3 * 60 * 60 * 1000;

type Answer = { at: EpochMs; facts: PaymentFacts | "broken" };

/** The providers' side of the payments: authorise, capture, cancel and refund, each write under a key. */
export class ProviderModel {
  readonly payments = new Map<string, PaymentFacts>();
  readonly authorisedAt = new Map<string, EpochMs>();
  /** Since when PayPal has held the money that a buyer had approved. */
  readonly reservedAt = new Map<string, EpochMs>();
  readonly cancelledAt = new Map<string, EpochMs>();
  /** Keys that a 500 was the answer to for hours. */
  readonly brokenKeys = new Set<string>();
  readonly createdAt = new Map<string, EpochMs>();
  readonly #answers = new Map<string, Answer>();
  readonly #refunds = new Map<string, RefundFacts>();
  /** Authorisations that the bank will not pay out. */
  readonly #refused = new Set<string>();
  readonly #hooks: ProviderHooks;

  constructor(hooks: ProviderHooks) {
    this.#hooks = hooks;
  }

  authorise(
    provider: OutsideProvider,
    { attemptId, orderId, amount, currency }: PaymentRequest,
  ): PaymentFacts {
    return this.#once(`${attemptId}-authorise`, () => {
      const reference = `${provider} ${this.payments.size + 1}`;
      this.createdAt.set(reference, this.#hooks.now());
      const state = "pending" as const;
      return this.#put({
        reference,
        state,
        amount,
        currency,
        orderId,
        attemptId,
        capturedAmount: 0,
        refundedAmount: 0,
        failureCode: undefined,
      });
    });
  }

  read(reference: string): PaymentFacts {
    const facts = this.payments.get(reference);
    if (facts === undefined) throw new Error(`the provider knows no payment ${reference}`);
    return facts;
  }

  /** Reserves what the buyer has approved; until then nothing is reserved. */
  completeAuthorisation(reference: string): PaymentFacts {
    const facts = this.read(reference);
    if (facts.state !== "approved") return facts;
    this.reservedAt.set(reference, this.#hooks.now());
    return this.#move({ ...facts, state: "authorised" });
  }

  capture(attemptId: string, reference: string): PaymentFacts {
    if (this.read(reference).state !== "authorised") return this.read(reference);
    return this.#once(`${attemptId}-capture`, () => {
      const facts = this.read(reference);
      this.#hooks.onCapture(facts);
      const refusal = this.#refused.has(reference) ? "declines" : this.#hooks.refusesCapture();
      if (refusal === "voids") return this.#move({ ...facts, state: "cancelled" });
      if (refusal === "declines") {
        this.#refused.add(reference);
        return this.#move({ ...facts, failureCode: "expired_card" });
      }
      return this.#move({ ...facts, state: "captured", capturedAmount: facts.amount });
    });
  }

  /** PayPal has nothing to cancel before it has reserved money: the buyer may approve such a payment later on. */
  cancel(attemptId: string, reference: string): PaymentFacts {
    const facts = this.read(reference);
    const { state } = facts;
    if (state === "captured" || state === "cancelled") return facts;
    if (reference.startsWith("paypal") && state !== "authorised") return { ...facts, state: "cancelled" };
    return this.#once(`${attemptId}-cancel`, () =>
      this.#move({ ...this.read(reference), state: "cancelled" }),
    );
  }

  refund({ refundId, reference, amount }: Omit<RefundRequest, "currency">): RefundFacts {
    const known = this.#refunds.get(refundId);
    if (known) return known;
    const facts = this.read(reference);
    const made = { reference: `re_${this.#refunds.size + 1}`, amount };
    if (amount > facts.capturedAmount - facts.refundedAmount)
      return this.#putRefund(refundId, { ...made, state: "failed", failureCode: "charge_already_refunded" });
    const { at, state } = this.#hooks.refundGoes();
    const failureCode = state === "failed" ? "lost_or_stolen_card" : undefined;
    if (at === "once") {
      if (state === "succeeded") this.#move({ ...facts, refundedAmount: facts.refundedAmount + amount });
      return this.#putRefund(refundId, { ...made, state, failureCode });
    }
    // A refund under way counts as given back until it fails.
    this.#move({ ...facts, refundedAmount: facts.refundedAmount + amount });
    this.#hooks.later(() => {
      this.#putRefund(refundId, { ...made, state, failureCode });
      const then = this.read(reference);
      this.#move(state === "failed" ? { ...then, refundedAmount: then.refundedAmount - amount } : then);
    });
    return this.#putRefund(refundId, { ...made, state: "pending", failureCode: undefined });
  }

  /** Somebody gives money back in the provider's dashboard. */
  refundInDashboard(reference: string, amount: number): void {
    const facts = this.read(reference);
    if (amount > facts.capturedAmount - facts.refundedAmount) return;
    this.#put({ ...facts, refundedAmount: facts.refundedAmount + amount });
    this.#hooks.notify(reference, { dispute: undefined });
  }

  /** The buyer's bank takes up a dispute, or decides it; the time is told in seconds. */
  dispute(reference: string, status: DisputeFacts["status"]): void {
    const { amount, currency } = this.read(reference);
    const facts = { reference: `dispute of ${reference}`, status, amount, currency, reason: "fraudulent" };
    const occurredAt = new Date(Math.floor(this.#hooks.now() / 1000) * 1000);
    this.#hooks.notify(reference, { dispute: { facts, occurredAt } });
  }

  /** What the buyer does with the payment; one that is over cannot be paid. */
  pay(reference: string, outcome: PayOutcome): boolean {
    const facts = this.read(reference);
    if (facts.state !== "pending" && facts.state !== "requires_action") return false;
    if (outcome === "approve") {
      const state = reference.startsWith("paypal") ? ("approved" as const) : ("authorised" as const);
      this.#move({ ...facts, state, failureCode: undefined });
      this.authorisedAt.set(reference, this.#hooks.now());
    }
    if (outcome === "transfer")
      this.#move({ ...facts, state: "captured", capturedAmount: facts.amount, failureCode: undefined });
    if (outcome === "challenge") this.#move({ ...facts, state: "requires_action" });
    if (outcome === "decline") this.#move({ ...facts, state: "pending", failureCode: "insufficient_funds" });
    return outcome === "approve" || outcome === "transfer";
  }

  /** What happens without the shop: an authorisation ends, or somebody clicks in the dashboard. */
  interfere(reference: string, what: "end" | "capture"): void {
    const facts = this.read(reference);
    if (what === "capture" && facts.state === "authorised")
      this.#move({ ...facts, state: "captured", capturedAmount: facts.amount });
    else if (what === "end" && facts.state !== "captured" && facts.state !== "cancelled")
      this.#move({ ...facts, state: "cancelled" });
  }

  /** The same key gets the first answer, even when the payment has moved on since; a 500 is an answer too. */
  #once(key: string, act: () => PaymentFacts): PaymentFacts {
    const now = this.#hooks.now();
    const known = this.#answers.get(key);
    if (known && now - known.at < keyMsMax) return answerOf(known, key);
    const breaksDown = this.#hooks.breaksDown();
    const facts = breaksDown === "before" ? "broken" : act();
    const answer = { at: now, facts: breaksDown === "after" ? "broken" : facts } as const;
    this.#answers.set(key, answer);
    if (answer.facts === "broken") this.brokenKeys.add(key);
    return answerOf(answer, key);
  }

  #putRefund(refundId: string, facts: RefundFacts): RefundFacts {
    this.#refunds.set(refundId, facts);
    return facts;
  }

  #move(facts: PaymentFacts): PaymentFacts {
    if (facts.state === "cancelled") this.cancelledAt.set(facts.reference, this.#hooks.now());
    this.#put(facts);
    this.#hooks.notify(facts.reference);
    return facts;
  }

  #put(facts: PaymentFacts): PaymentFacts {
    if (facts.refundedAmount > facts.capturedAmount)
      throw new Violation("no more goes back than was taken", JSON.stringify(facts));
    this.payments.set(facts.reference, facts);
    return facts;
  }
}

function answerOf({ facts }: Answer, key: string): PaymentFacts {
  if (facts === "broken") throw new Fault(`${key} is answered with a 500`);
  return facts;
}

/** Whether the buyer's money can still come; without our word PayPal takes nothing that a buyer has only approved. */
export function takesMoney({ reference, state }: PaymentFacts): boolean {
  if (reference.startsWith("paypal")) return state === "authorised";
  return state !== "cancelled" && state !== "captured";
}
