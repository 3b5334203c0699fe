import { epochMs, toTimestamp } from "#core/time";
import type { ReturnWire } from "./schema.ts";
import type { ReturnRow } from "./store.ts";

/** A return as clients see it. */
export function presentReturn(row: ReturnRow): ReturnWire {
  const received = row.receipts.flatMap((receipt) => receipt.lines);
  const unitsOf = (lines: typeof received, id: string) =>
    lines.reduce((sum, line) => (line.order_line_id === id ? sum + line.quantity : sum), 0);
  const restocked = received.filter((line) => line.restock);
  return {
    id: row.id,
    order_id: row.orderId,
    status: row.status,
    requested_by: row.requestedBy,
    reason: row.reason,
    decision_note: row.decisionNote,
    lines: row.lines.map(({ order_line_id: id, quantity }) => ({
      order_line_id: id,
      quantity,
      received: unitsOf(received, id),
      restocked: unitsOf(restocked, id),
    })),
    version: row.version,
    created_at: toTimestamp(epochMs(row.createdAt.getTime())),
    updated_at: toTimestamp(epochMs(row.updatedAt.getTime())),
  };
}
