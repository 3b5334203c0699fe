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

/** A payment of an order as far as refunds of it go: what others gave back is not its own. */
export function refundablePayment(
  { refunds }: { readonly refunds: readonly (RefundState & { readonly attemptId: string })[] },
  { id, capturedAmount }: { readonly id: string; readonly capturedAmount: number },
): RefundablePayment {
  return { captured: capturedAmount, refunds: refunds.filter((refund) => refund.attemptId === id) };
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

type RefundedOrder = {
  readonly status: OrderStatus;
  readonly total: number;
  readonly refunded: number;
  /** The attempt that pays the order; money of a superseded one was never the order's. */
  readonly attempt: { readonly id: string } | undefined;
};

/** How an order moves when money of one of its payments went back, and what went back of the order in all. */
export function moveByRefund(
  order: RefundedOrder,
  { attemptId, amount }: { readonly attemptId: string; readonly amount: number },
): { readonly transition: OrderTransition | undefined; readonly refunded: number } {
  const { refunded } = order;
  if (attemptId !== order.attempt?.id) return { transition: undefined, refunded };
  return { transition: refundTransition(order, amount), refunded: refunded + amount };
}

/** An order that ended unpaid stays: what came too late was never its payment. */
function refundTransition(order: RefundedOrder, amount: number): OrderTransition | undefined {
  if (hasEnded(order.status)) return undefined;
  return order.refunded + amount === order.total ? "refund_all" : "refund_part";
}

type RefundOfPayment = {
  readonly attemptId: string;
  readonly status: RefundState["status"];
  readonly amount: number;
};

/** Names a refund of what nobody owed: of one payment an amount goes back once. */
export function surplusKey(attemptId: string, amount: number): string {
  return `${attemptId} ${amount}`;
}

/** Names what was given back at the provider's own dashboard by what has gone back of the payment in all. */
export function providerRefundKey(
  { refunds }: { readonly refunds: readonly RefundOfPayment[] },
  { attemptId, amount }: { readonly attemptId: string; readonly amount: number },
): string {
  const before = refunds
    .filter((refund) => refund.attemptId === attemptId && refund.status === "succeeded")
    .reduce((sum, refund) => sum + refund.amount, 0);
  return `${attemptId} ${before + amount}`;
}

/** The payments that refunds of an order were asked for. */
export function refundedPayments({
  refunds,
}: {
  readonly refunds: readonly RefundOfPayment[];
}): ReadonlySet<string> {
  return new Set(refunds.map(({ attemptId }) => attemptId));
}

export type ReturnedUnits = { readonly refundId: string; readonly sku: string; readonly quantity: number };

/** How units of a refund come back on sale, once per refund and SKU. */
export function restockOf({ refundId, quantity }: ReturnedUnits, movementId: string) {
  const reason = `returned with ${refundId}`;
  return { type: "receive", id: `restock ${refundId}`, movementId, quantity, reason } as const;
}

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
