import type { CheckoutReply } from "#durable-objects/cart/checkouts";
import { reservationId } from "#features/orders/rules";
import type { RefundPlan } from "#features/payments/refund-rules";
import { Violation } from "../network.ts";
import type { AskedRefund, Placement } from "./requests.ts";
import type { Order, RefundRow } from "./rows.ts";
import type { World } from "./world.ts";

/** What is left can be refunded, and lines at the price that was paid for them. */
export function checkPlan(order: Order, asked: AskedRefund, plan: RefundPlan): void {
  const { id, lines } = order;
  const { given, left } = givenBack(order);
  const price = (asked.lines ?? []).reduce((sum, { order_line_id: lineId, quantity }) => {
    return sum + quantity * (lines.find((line) => line.id === lineId)?.unitPrice ?? 0);
  }, 0);
  const wanted = asked.amount ?? (asked.lines ? price : left);
  const isFree = (asked.lines ?? []).every(({ order_line_id: lineId, quantity }) => {
    const taken = given.flatMap((refund) => refund.lines.filter((line) => line.order_line_id === lineId));
    const units = lines.find((line) => line.id === lineId)?.quantity ?? 0;
    return taken.reduce((sum, line) => sum + line.quantity, quantity) <= units;
  });
  if (plan.ok ? plan.amount !== wanted : wanted > 0 && wanted <= left && isFree)
    throw new Violation(
      "what is left can be refunded",
      `${id}: ${wanted} of ${left}, ${JSON.stringify(plan)}`,
    );
}

/** What staff gave back of the payment of an order or are about to, and what is left of it. */
export function givenBack({ total, refunds, attempt }: Order): { given: readonly RefundRow[]; left: number } {
  const given = refunds.filter(({ status, attemptId }) => status !== "failed" && attemptId === attempt?.id);
  return { given, left: total - given.reduce((sum, { amount }) => sum + amount, 0) };
}

/** A refused order holds nothing, and its key is free again. */
export function checkRefusal(
  world: World,
  { cartId, key }: Placement,
  { orderId, lines }: Extract<CheckoutReply, { ok: true }>,
): void {
  if (world.cart(cartId).orderIdOf(key) === orderId)
    throw new Violation("a refused key is free again", `${key} still stands for ${orderId}`);
  for (const { variantId: sku } of lines)
    if (world.sku(sku).reservation(reservationId(orderId, sku))?.status === "held")
      throw new Violation("a refused order holds nothing", `${orderId} holds ${sku}`);
}
