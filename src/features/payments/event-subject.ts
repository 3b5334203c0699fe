import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { PaypalEvent, subjectOfPaypalEvent } from "#providers/paypal-events";
import { gatewayOf } from "./gateways.ts";
import type { PaymentEvent } from "./event-store.ts";

/**
 * The provider's id of the payment whose capture an event names, as the provider tells it. A capture that is not ours is
 * no payment of ours.
 */
export async function referenceOfEvent(context: Context, event: PaymentEvent): Promise<string | undefined> {
  const parsed = event.provider === "paypal" ? PaypalEvent.safeParse(event.payload) : undefined;
  const captureId = parsed?.success ? subjectOfPaypalEvent(parsed.data).captureId : undefined;
  if (captureId === undefined) return undefined;
  try {
    return await gatewayOf(context, event.provider).referenceOfCapture?.(captureId);
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return undefined;
    throw error;
  }
}
