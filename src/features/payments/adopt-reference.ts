import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { ordersAt } from "#platform/order-homes";
import type { PaymentAttempt } from "./attempts.ts";
import { changeAttempt } from "./store.ts";

/**
 * Gives an attempt the payment that its provider made for it, where the process died before that was stored.
 * @returns false when somebody else moved the attempt first.
 */
export async function adoptReference(
  context: Context,
  attempt: PaymentAttempt,
  reference: string,
): Promise<boolean> {
  try {
    await transact(ordersAt(context, attempt.orderId), [
      changeAttempt(context, attempt, { status: "pending", reference }),
    ]);
  } catch (error) {
    if (lostRace(error)) return false;
    throw error;
  }
  return true;
}
