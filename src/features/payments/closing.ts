import { AppError } from "#core/errors";
import type { PaymentFacts } from "#core/payment-facts";
import type { PaymentEnd } from "#features/orders/ending";
import { isOpen } from "./rules.ts";
import type { SettledAttempt, SettledOrder, SettlementPorts } from "./settlement-ports.ts";
import { keepingSight } from "./sight.ts";

/** What closing a payment needs from the world; the real ones ask Postgres and the provider. */
export type ClosingPorts<Order extends SettledOrder> = {
  readonly load: (orderId: string) => Promise<Order | undefined>;
  /** Asks once more for the attempt's payment: the same key leads to the same one. @returns its reference. */
  readonly authorise: (order: Order, attempt: SettledAttempt) => Promise<string>;
  readonly cancel: (attempt: SettledAttempt, reference: string) => Promise<PaymentFacts>;
  readonly change: SettlementPorts<Order>["change"];
  readonly settle: (orderId: string) => Promise<Order | undefined>;
};

/** Rounds after lost races. */
const roundsMax = 3;

/**
 * Makes sure that no money can come for an order any more: its open payment is cancelled at the provider. A payment
 * that has got further than that is settled instead.
 * @throws AppError conflict when others moved the payment all the time; the provider's faults pass through.
 */
export async function closePayment<Order extends SettledOrder>(
  ports: ClosingPorts<Order>,
  order: Order,
): Promise<PaymentEnd<Order>> {
  let current = order;
  for (let round = 0; round < roundsMax; round++) {
    const closed = await tryToClose(ports, current);
    if (closed !== "lost_race") return closed;
    current = (await ports.load(order.id)) ?? current;
  }
  throw new AppError("conflict", { detail: `The payment of ${order.id} is being changed by others.` });
}

async function tryToClose<Order extends SettledOrder>(
  ports: ClosingPorts<Order>,
  order: Order,
): Promise<PaymentEnd<Order> | "lost_race"> {
  const { attempt } = order;
  if (attempt === undefined || !isOpen(attempt.status))
    return { outcome: attempt?.status === "captured" ? "settled" : "ended", order };
  // Where the provider has ended an authorisation, the settlement ends the order in the same transaction.
  if (order.status === "authorised" || attempt.status === "authorised") {
    const settled = (await ports.settle(order.id)) ?? order;
    return isPromised(settled) ? withdrawPromise(ports, settled) : { outcome: "settled", order: settled };
  }
  const { reference, state } = await keepingSight(ports, attempt, async () => {
    const known = attempt.providerReference ?? (await ports.authorise(order, attempt));
    return { reference: known, state: (await ports.cancel(attempt, known)).state };
  });
  const cancelled = state === "cancelled";
  if (attempt.providerReference === null || cancelled) {
    const status = cancelled ? "cancelled" : attempt.status;
    const { id } = attempt;
    if (!(await ports.change(order, { attempt: { id, status, reference } }))) return "lost_race";
  }
  if (!cancelled) return { outcome: "settled", order: (await ports.settle(order.id)) ?? order };
  const after = (await ports.load(order.id)) ?? order;
  // Somebody may have got the money reserved after all, or begun another payment, while the end was being noted.
  return after.attempt?.status === "cancelled" ? { outcome: "ended", order: after } : "lost_race";
}

/** An order that a manual payment is promised for: nobody has received the money yet. */
export function isPromised<Order extends SettledOrder>(
  order: Order,
): order is Order & { attempt: SettledAttempt } {
  return order.status === "authorised" && order.attempt?.provider === "manual";
}

/** A promise of money binds nobody until the money is there: it ends together with its order. */
async function withdrawPromise<Order extends SettledOrder>(
  ports: ClosingPorts<Order>,
  order: Order & { attempt: SettledAttempt },
): Promise<PaymentEnd<Order> | "lost_race"> {
  const { id } = order.attempt;
  const { state } = await ports.cancel(order.attempt, id);
  if (state !== "cancelled") return "lost_race";
  const withdrawn = await ports.change(order, {
    order: { transition: "cancel", event: "order.cancelled", data: { reason: "requested" } },
    attempt: { id, status: "cancelled" },
  });
  return withdrawn ? { outcome: "settled", order: (await ports.load(order.id)) ?? order } : "lost_race";
}
