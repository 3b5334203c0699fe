import { AppError } from "#core/errors";
import type { FulfilmentLine } from "#features/orders/rules";
import type { Context } from "#platform/context";
import { receivedUnits } from "./rules.ts";
import { findReturn } from "./store.ts";

/**
 * What has come back with an order's return, for a refund that is for it.
 * @throws AppError invalid_request when the order has no such return, or nothing of it has come.
 */
export async function readReceivedLines(
  context: Context,
  orderId: string,
  returnId: string,
): Promise<FulfilmentLine[]> {
  const found = await findReturn(context, returnId);
  const refuse = (code: string, detail: string) =>
    new AppError("invalid_request", { detail, errors: [{ pointer: "/return_id", code, detail }] });
  if (found?.orderId !== orderId)
    throw refuse("unknown_return", "This order has no such return; GET /orders/{id}/returns lists them.");
  const lines = [...receivedUnits(found)].map(([id, quantity]) => ({ order_line_id: id, quantity }));
  if (lines.length === 0)
    throw refuse(
      "nothing_received",
      "Nothing of this return has come back: receive it first, or refund without return_id.",
    );
  return lines;
}
