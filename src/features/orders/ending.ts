import { nextState } from "#core/state-machine";
import type { EventType } from "#events/catalogue";
import { type OrderStatus, isPayable, orderTransitions } from "./rules.ts";

/** How an order ends without being paid. */
export type End = {
  readonly transition: "cancel" | "expire";
  readonly event: Extract<EventType, "order.cancelled" | "order.expired">;
  readonly data: { readonly reason: string };
};

/** Whether an order that is to end has no money coming any more, or has a payment that was too far to be ended. */
export type PaymentEnd<Order> = { readonly outcome: "ended" | "settled"; readonly order: Order };

type EndedOrder = { readonly id: string; readonly status: OrderStatus };

/** What the ending of an order needs from the world; the real ones ask Postgres and the payment's provider. */
export type EndingPorts<Order extends EndedOrder> = {
  readonly load: (orderId: string) => Promise<Order | undefined>;
  readonly settlePayment: (orderId: string) => Promise<Order | undefined>;
  /** Makes sure that no money can come any more; a payment that has got further is settled instead. */
  readonly endPayment: (order: Order) => Promise<PaymentEnd<Order>>;
  /** False when somebody else moved the order first: nothing was changed then. */
  readonly change: (order: Order, end: End) => Promise<boolean>;
};

/** Rounds after lost races; a loser mostly finds that the winner has ended the order. */
const roundsMax = 3;

/**
 * Payment first, then the order; its stock is given back by the consumer of the event, which repeats until done.
 * @returns the order as it stands then: ended, or further on than that its end is possible.
 */
async function endOrder<Order extends EndedOrder>(
  ports: EndingPorts<Order>,
  order: Order,
  end: End,
): Promise<Order> {
  let current = order;
  for (let round = 0; round < roundsMax; round++) {
    const payment = await ports.endPayment(current);
    const possible = nextState(orderTransitions, payment.order.status, end.transition) !== undefined;
    if (payment.outcome === "settled" || !possible) return payment.order;
    const ended = await ports.change(payment.order, end);
    current = (await ports.load(order.id)) ?? payment.order;
    if (ended) break;
  }
  return current;
}

/** Ends an order that its buyer or staff do not want any more; one that was cancelled already stays so. */
export function cancelOrder<Order extends EndedOrder>(
  ports: EndingPorts<Order>,
  order: Order,
): Promise<Order> {
  if (order.status === "cancelled") return Promise.resolve(order);
  const data = { reason: "requested" };
  return endOrder(ports, order, { transition: "cancel", event: "order.cancelled", data });
}

/** Ends an order whose time to pay is over, unless the provider turns out to have the buyer's authorisation already. */
export async function expireOrder<Order extends EndedOrder>(
  ports: EndingPorts<Order>,
  orderId: string,
): Promise<void> {
  const order = await ports.settlePayment(orderId);
  if (order === undefined || !isPayable(order.status)) return;
  const data = { reason: "not_paid_in_time" };
  await endOrder(ports, order, { transition: "expire", event: "order.expired", data });
}
