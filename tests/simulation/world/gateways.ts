import { AppError } from "#core/errors";
import type { PaymentFacts, RefundFacts } from "#core/payment-facts";
import { manualGateway } from "#features/payments/manual-gateway";
import type { SettledAttempt } from "#features/payments/settlement-ports";
import type { PaymentGateway } from "#providers/payment-gateway";
import { type Channel, Fault, type Process } from "../network.ts";
import { calls } from "./calls.ts";
import type { AttemptRow, OrderRow, RefundRow } from "./rows.ts";
import type { World } from "./world.ts";

/** The gateways of one process: two providers outside over the network, and manual payments in Postgres. */
export class Gateways {
  readonly #world: World;
  readonly #process: Process;
  readonly #manual: PaymentGateway;

  constructor(world: World, process: Process) {
    this.#world = world;
    this.#process = process;
    this.#manual = manualGateway((id) => this.#call(calls.load, () => world.database.attemptOf(id)));
  }

  async authorise(
    { id: orderId, total: amount, currency }: OrderRow,
    { id: attemptId, provider }: Pick<SettledAttempt, "id" | "provider">,
  ): Promise<PaymentFacts> {
    const request = { attemptId, orderId, amount, currency };
    if (provider === "manual") return (await this.#manual.authorise(request)).facts;
    return this.#call(calls.authorise, () => this.#world.provider.authorise(provider, request));
  }

  async read({ provider }: Pick<SettledAttempt, "provider">, reference: string): Promise<PaymentFacts> {
    if (provider === "manual") return (await this.#manual.read(reference)).facts;
    return this.#call(calls.read, () => this.#world.provider.read(reference));
  }

  completeAuthorisation(attempt: SettledAttempt, reference: string): Promise<PaymentFacts> {
    if (attempt.provider !== "paypal") return this.read(attempt, reference);
    return this.#call(calls.authorise, () => this.#world.provider.completeAuthorisation(reference));
  }

  capture({ id, provider }: SettledAttempt, reference: string): Promise<PaymentFacts> {
    if (provider === "manual") return this.#manual.capture(id, reference);
    return this.#call(calls.capture, () => this.#world.provider.capture(id, reference));
  }

  cancel({ id, provider }: SettledAttempt, reference: string): Promise<PaymentFacts> {
    if (provider === "manual") return this.#manual.cancel(id, reference);
    return this.#call(calls.cancel, () => this.#world.provider.cancel(id, reference));
  }

  refund(
    { provider, providerReference, currency }: AttemptRow,
    { id: refundId, amount }: RefundRow,
  ): Promise<RefundFacts> {
    const refund = { refundId, reference: providerReference ?? "", amount, currency };
    if (provider !== "manual") return this.#call(calls.refund, () => this.#world.provider.refund(refund));
    this.#world.paidOut.set(refundId, refund);
    return this.#manual.refund(refund);
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
