import { type OrderStatus, type OrderTransition, hasEnded, unitsBySku } from "#features/orders/rules";

/** A refund as far as the rules look at it. Amounts in minor units. */
export type RefundState = {
  readonly status: "pending" | "succeeded" | "failed";
  readonly amount: number;
  readonly lines: readonly { readonly order_line_id: string; readonly quantity: number }[];
};

export type RefundablePayment = {
  readonly captured: number;
  readonly refunds: readonly RefundState[];
};

/** What can still be given back: refunds under way count as given. */
export function refundableAmount({ captured, refunds }: RefundablePayment): number {
  const given = refunds
    .filter((refund) => refund.status !== "failed")
    .reduce((sum, refund) => sum + refund.amount, 0);
  return captured - given;
}

type OrderedLine = { readonly id: string; readonly quantity: number; readonly unitPrice: number };
type AskedLine = { readonly order_line_id: string; readonly quantity: number };

export type RefundPlan =
  | { ok: true; amount: number; lines: readonly AskedLine[] }
  | { ok: false; reason: "nothing_left" | "too_much" | "unknown_line" | "too_many_units"; at?: number };

/**
 * What a request comes to: the amount that it names, else the price of the lines that it names, else all that is left.
 * Never more than what is left of the payment, and no unit of a line twice.
 */
export function planRefund(
  payment: RefundablePayment,
  ordered: readonly OrderedLine[],
  asked: { amount?: number | undefined; lines?: readonly AskedLine[] | undefined },
): RefundPlan {
  const left = refundableAmount(payment);
  const lines = asked.lines ?? [];
  const fault = faultOfLines(payment, ordered, lines);
  if (fault) return fault;
  const priceOfLines = lines.reduce((sum, line) => {
    const unitPrice = ordered.find((each) => each.id === line.order_line_id)?.unitPrice ?? 0;
    return sum + unitPrice * line.quantity;
  }, 0);
  const amount = asked.amount ?? (asked.lines ? priceOfLines : left);
  if (left <= 0 || amount <= 0) return { ok: false, reason: "nothing_left" };
  return amount > left ? { ok: false, reason: "too_much" } : { ok: true, amount, lines };
}

function faultOfLines(
  { refunds }: RefundablePayment,
  ordered: readonly OrderedLine[],
  lines: readonly AskedLine[],
): Extract<RefundPlan, { ok: false }> | undefined {
  const left = new Map(ordered.map((line) => [line.id, line.quantity]));
  for (const refund of refunds) {
    if (refund.status === "failed") continue;
    for (const line of refund.lines)
      left.set(line.order_line_id, (left.get(line.order_line_id) ?? 0) - line.quantity);
  }
  for (const [at, { order_line_id: id, quantity }] of lines.entries()) {
    const units = left.get(id);
    if (units === undefined) return { ok: false, reason: "unknown_line", at };
    if (units < quantity) return { ok: false, reason: "too_many_units", at };
    left.set(id, units - quantity);
  }
  return undefined;
}

/** How an order moves when money went back. One that ended unpaid stays: what came too late was never its payment. */
export function refundTransition(
  order: { readonly status: OrderStatus; readonly total: number; readonly refunded: number },
  amount: number,
): OrderTransition | undefined {
  if (hasEnded(order.status)) return undefined;
  return order.refunded + amount === order.total ? "refund_all" : "refund_part";
}

export type ReturnedUnits = { readonly refundId: string; readonly sku: string; readonly quantity: number };

/** The units that come back on sale, where a refund that has succeeded says so. */
export function returnedUnits(
  refunds: readonly (RefundState & { readonly id: string; readonly restock: boolean })[],
  ordered: readonly { readonly id: string; readonly sku: string }[],
): readonly ReturnedUnits[] {
  const skuOf = new Map(ordered.map((line) => [line.id, line.sku]));
  return refunds
    .filter((refund) => refund.restock && refund.status === "succeeded")
    .flatMap(({ id: refundId, lines }) => {
      const units = lines.flatMap(({ order_line_id: id, quantity }) => {
        const sku = skuOf.get(id);
        return sku === undefined ? [] : [{ sku, quantity }];
      });
      return unitsBySku(units).map(([sku, quantity]) => ({ refundId, sku, quantity }));
    });
}
