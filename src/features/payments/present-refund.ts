import { epochMs, toTimestamp } from "#core/time";
import type { RefundRow } from "./refund-store.ts";
import type { RefundWire } from "./schema.ts";

/** A refund as the staff's clients see it. */
export function presentRefund(refund: RefundRow): RefundWire {
  return {
    id: refund.id,
    order_id: refund.orderId,
    status: refund.status,
    origin: refund.origin,
    amount: { amount: refund.amount, currency: refund.currency },
    reason: refund.reason,
    restock: refund.restock,
    return_id: refund.returnId,
    lines: refund.lines.map((line) => ({ ...line })),
    failure_code: refund.failureCode,
    created_at: toTimestamp(epochMs(refund.createdAt.getTime())),
  };
}
