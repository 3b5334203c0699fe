import { AppError } from "#core/errors";
import type { PaymentFacts, RefundFacts } from "#core/payment-facts";
import type { SettledAttempt } from "#features/payments/settlement";
import { type Channel, Fault, type Process, Violation } from "../network.ts";
import { calls } from "./calls.ts";
import type { AttemptRow, OrderRow, RefundRow } from "./rows.ts";
import type { World } from "./world.ts";

/** The gateways of one process: two providers outside over the network, and manual payments in Postgres. */
export class Gateways {
  readonly #world: World;
  readonly #process: Process;

  constructor(world: World, process: Process) {
    this.#world = world;
    this.#process = process;
  }

  authorise(
    { id: orderId, total: amount, currency }: OrderRow,
    { id: attemptId, provider }: Pick<SettledAttempt, "id" | "provider">,
  ): Promise<PaymentFacts> {
    if (provider === "manual") return this.#readManual(attemptId);
    const request = { attemptId, orderId, amount, currency };
    return this.#call(calls.authorise, () => this.#world.provider.authorise(provider, request));
  }

  read({ provider }: Pick<SettledAttempt, "provider">, reference: string): Promise<PaymentFacts> {
    if (provider === "manual") return this.#readManual(reference);
    return this.#call(calls.read, () => this.#world.provider.read(reference));
  }

  completeAuthorisation(attempt: SettledAttempt, reference: string): Promise<PaymentFacts> {
    if (attempt.provider !== "paypal") return this.read(attempt, reference);
    return this.#call(calls.authorise, () => this.#world.provider.completeAuthorisation(reference));
  }

  capture({ id, provider }: SettledAttempt, reference: string): Promise<PaymentFacts> {
    if (provider === "manual") return this.#readManual(reference);
    return this.#call(calls.capture, () => this.#world.provider.capture(id, reference));
  }

  async cancel({ id, provider }: SettledAttempt, reference: string): Promise<PaymentFacts> {
    if (provider !== "manual")
      return this.#call(calls.cancel, () => this.#world.provider.cancel(id, reference));
    const facts = await this.#readManual(reference);
    return facts.state === "authorised" ? { ...facts, state: "cancelled" } : facts;
  }

  refund(
    { provider, providerReference }: AttemptRow,
    { id: refundId, amount }: RefundRow,
  ): Promise<RefundFacts> {
    const reference = providerReference ?? "";
    const { paidOut } = this.#world;
    if (provider === "manual") {
      paidOut.set(refundId, { reference, amount });
      return Promise.resolve({ reference: refundId, state: "succeeded", amount, failureCode: undefined });
    }
    return this.#call(calls.refund, () => this.#world.provider.refund({ refundId, reference, amount }));
  }

  #readManual(reference: string): Promise<PaymentFacts> {
    return this.#call(calls.load, () => {
      const attempt = this.#world.database.attempts.get(reference);
      if (attempt === undefined) throw new Violation("manual payments do not vanish", reference);
      return manualFacts(attempt);
    });
  }

  /** Whoever hears nothing from a provider does not know what became of the call. */
  async #call<Reply>(asked: Channel, effect: () => Reply): Promise<Reply> {
    try {
      return await this.#world.network.call(this.#process, asked, effect);
    } catch (error) {
      if (error instanceof Fault && asked.to === "provider")
        throw new AppError("payment_outcome_unknown", { cause: error });
      throw error;
    }
  }
}

/** A manual payment as its gateway tells it: a promise that counts as authorised, until staff have the money. */
export function manualFacts({ id, orderId, amount, currency, receivedAt, status }: AttemptRow): PaymentFacts {
  const open = status === "cancelled" ? ("cancelled" as const) : ("authorised" as const);
  return {
    reference: id,
    orderId,
    attemptId: id,
    amount,
    currency,
    state: receivedAt === null ? open : "captured",
    capturedAmount: receivedAt === null ? 0 : amount,
    refundedAmount: 0,
    failureCode: undefined,
  };
}
