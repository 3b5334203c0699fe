import type { PaymentFacts, RefundFacts } from "#core/payment-facts";
import type { EpochMs } from "#core/time";
import type { PaymentRequest, RefundRequest } from "#providers/payment-gateway";

type ProviderHooks = {
  now: () => EpochMs;
  /** Something happened to this payment: the shop is to be told, some time or other. */
  notify: (reference: string) => void;
  /** Called before the shop's capture takes effect. */
  onCapture: (facts: PaymentFacts) => void;
  /** Whether the bank takes its authorisation back, or just gives no money, when it is asked for. */
  refusesCapture: () => "no" | "voids" | "declines";
  /** Whether the buyer's approval is only the first of two steps, as with PayPal. */
  approvesFirst: () => boolean;
};

/** Approved, declined, stopped by a question to the buyer, or by a way of paying that moves the money at once. */
export type PayOutcome = "approve" | "decline" | "challenge" | "transfer";

/** Hours after which idempotency keys are forgotten. */
const keyMsMax = 24 * 60 * 60 * 1000;

/** The provider's side of the payments: authorise, capture, cancel and refund, each write under a key. */
export class ProviderModel {
  readonly payments = new Map<string, PaymentFacts>();
  readonly authorisedAt = new Map<string, EpochMs>();
  readonly cancelledAt = new Map<string, EpochMs>();
  readonly #answers = new Map<string, { at: EpochMs; facts: PaymentFacts }>();
  readonly #refunds = new Map<string, RefundFacts>();
  readonly #hooks: ProviderHooks;

  constructor(hooks: ProviderHooks) {
    this.#hooks = hooks;
  }

  authorise({ attemptId, orderId, amount, currency }: PaymentRequest): PaymentFacts {
    return this.#once(`${attemptId}-authorise`, () => {
      const reference = `pi_${this.payments.size + 1}`;
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
    return facts.state === "approved" ? this.#move({ ...facts, state: "authorised" }) : facts;
  }

  capture(attemptId: string, reference: string): PaymentFacts {
    if (this.read(reference).state !== "authorised") return this.read(reference);
    return this.#once(`${attemptId}-capture`, () => {
      const facts = this.read(reference);
      this.#hooks.onCapture(facts);
      const refusal = this.#hooks.refusesCapture();
      if (refusal === "voids") return this.#move({ ...facts, state: "cancelled" });
      if (refusal === "declines") return this.#move({ ...facts, failureCode: "expired_card" });
      return this.#move({ ...facts, state: "captured", capturedAmount: facts.amount });
    });
  }

  cancel(attemptId: string, reference: string): PaymentFacts {
    const { state } = this.read(reference);
    if (state === "captured" || state === "cancelled") return this.read(reference);
    return this.#once(`${attemptId}-cancel`, () =>
      this.#move({ ...this.read(reference), state: "cancelled" }),
    );
  }

  refund({ refundId, reference, amount }: RefundRequest): RefundFacts {
    const known = this.#refunds.get(refundId);
    if (known) return known;
    const facts = this.read(reference);
    const left = facts.capturedAmount - facts.refundedAmount;
    const state = amount <= left ? ("succeeded" as const) : ("failed" as const);
    const failureCode = state === "failed" ? "charge_already_refunded" : undefined;
    const refund = { reference: `re_${this.#refunds.size + 1}`, state, amount, failureCode };
    this.#refunds.set(refundId, refund);
    if (state === "succeeded") this.#move({ ...facts, refundedAmount: facts.refundedAmount + amount });
    return refund;
  }

  /** What the buyer does with the payment; one that is over cannot be paid. */
  pay(reference: string, outcome: PayOutcome): boolean {
    const facts = this.read(reference);
    if (facts.state !== "pending" && facts.state !== "requires_action") return false;
    if (outcome === "approve") {
      const state = this.#hooks.approvesFirst() ? ("approved" as const) : ("authorised" as const);
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

  /** The same key gets the first answer, even when the payment has moved on since. */
  #once(key: string, act: () => PaymentFacts): PaymentFacts {
    const now = this.#hooks.now();
    const known = this.#answers.get(key);
    if (known && now - known.at < keyMsMax) return known.facts;
    const facts = act();
    this.#answers.set(key, { at: now, facts });
    return facts;
  }

  #move(facts: PaymentFacts): PaymentFacts {
    if (facts.state === "cancelled") this.cancelledAt.set(facts.reference, this.#hooks.now());
    this.#put(facts);
    this.#hooks.notify(facts.reference);
    return facts;
  }

  #put(facts: PaymentFacts): PaymentFacts {
    this.payments.set(facts.reference, facts);
    return facts;
  }
}
