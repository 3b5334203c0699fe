import { AppError } from "#core/errors";
import { loadOrder } from "#features/orders/load-order";
import { presentOrder } from "#features/orders/present-order";
import { type OrderAccess, requireOwnOrder } from "#features/orders/read-own-order";
import type { OrderWire } from "#features/orders/schema";
import type { Context } from "#platform/context";
import { withholdAnswer } from "#platform/idempotency";
import { settlePayment } from "./settle-payment.ts";

/** Where the payment stands; `known` is false while the provider has not told. */
export type Confirmation = { order: OrderWire; known: boolean };

/**
 * The buyer's hint that the payment is done: reads the provider and runs the very settlement that webhooks run. Nothing
 * is believed of the hint itself, so its repetition is harmless. An answer of the provider's silence is no answer: it
 * is not kept, and the same key asks again.
 * @throws AppError not_found.
 */
export async function confirmPayment(context: Context, access: OrderAccess): Promise<Confirmation> {
  const order = await requireOwnOrder(context, access);
  try {
    const settled = (await settlePayment(context, { orderId: order.id, order })) ?? order;
    const known = settled.status !== "payment_unknown";
    if (!known) await withholdAnswer(context);
    return { order: presentOrder(settled), known };
  } catch (error) {
    const unanswered =
      error instanceof AppError &&
      (error.code === "payment_outcome_unknown" || error.code === "dependency_unavailable");
    if (!unanswered) throw error;
    await withholdAnswer(context);
    return { order: presentOrder((await loadOrder(context, order.id)) ?? order), known: false };
  }
}
