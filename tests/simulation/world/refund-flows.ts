import { AppError } from "#core/errors";
import { planRefund, refundablePayment, restockOf, returnedUnits } from "#features/payments/refund-rules";
import { executeRefund } from "#features/payments/refunding";
import { Violation } from "../network.ts";
import { calls } from "./calls.ts";
import type { Connection } from "./connection.ts";
import { Gateways } from "./gateways.ts";
import { checkPlan } from "./refusals.ts";
import type { AskedRefund } from "./requests.ts";
import type { Order, RefundRow } from "./rows.ts";

/** How money goes back, and with it units. */
export class RefundFlows {
  readonly #connection: Connection;
  readonly #gateways: Gateways;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#gateways = new Gateways(connection.world, connection.process);
  }

  /** Gives money of a paid order back, as staff ask. */
  async request(orderId: string, key: string, asked: AskedRefund): Promise<RefundRow> {
    const { refunds } = this.#connection.world.database;
    const find = () => this.#connection.call(calls.find, () => refunds.find(key));
    const known = await find();
    if (known) return this.execute(known);
    const order = await this.#connection.require(orderId);
    const refund = plannedRefund(order, key, asked);
    const outcome = await this.#connection.call(calls.store, () => refunds.request(order, refund));
    if (outcome === "lost_race") throw new AppError("conflict");
    const stored = await find();
    if (stored === undefined) throw new Violation("a stored refund is there", key);
    return this.execute(stored);
  }

  /** Asks the provider for a refund that was stored before, and books what it says. */
  async execute(refund: RefundRow): Promise<RefundRow> {
    const { database } = this.#connection.world;
    const attempt = await this.#connection.call(calls.load, () => database.attemptOf(refund.attemptId));
    return executeRefund<Order, RefundRow>(
      {
        give: (asked) => this.#gateways.refund(attempt, asked),
        load: (orderId) => this.#connection.load(orderId),
        store: (order, current, change) =>
          this.#connection.call(calls.move, () =>
            database.refunds.storeOutcome(order, current, change, attempt.provider),
          ),
      },
      refund,
    );
  }

  async restock(orderId: string): Promise<void> {
    const order = await this.#connection.require(orderId);
    for (const units of returnedUnits(order.refunds, order.lines)) {
      const { sku, refundId } = units;
      const command = restockOf(units, `movement of ${refundId}`);
      await this.#connection.call(calls.adjust, () => this.#connection.world.sku(sku).adjust(command));
    }
  }
}

/** @throws AppError when the order has no payment that so much could be given back of. */
function plannedRefund(order: Order, requestKey: string, asked: AskedRefund) {
  const { attempt } = order;
  if (attempt?.status !== "captured") throw new AppError("invalid_transition");
  const plan = planRefund(refundablePayment(order, attempt), order.lines, asked);
  checkPlan(order, asked, plan);
  if (!plan.ok) throw new AppError("refund_exceeds_payment");
  const { amount, lines } = plan;
  const { restock } = asked;
  return { requestKey, attemptId: attempt.id, amount, lines, restock, origin: "staff" } as const;
}
