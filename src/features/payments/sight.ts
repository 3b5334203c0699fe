import { AppError } from "#core/errors";
import { nextState } from "#core/state-machine";
import { orderTransitions } from "#features/orders/rules";
import type { SettledAttempt, SettledOrder, SettlementPorts } from "./settlement-ports.ts";

type SightPorts<Order extends SettledOrder> = Pick<SettlementPorts<Order>, "change"> & {
  readonly load: (orderId: string) => Promise<Order | undefined>;
};

/**
 * Makes a call that moves a payment. When its outcome stays unknown, the order says so before the fault goes on: nobody
 * takes the payment for unpaid, and the provider is read before anything is tried again.
 */
export async function keepingSight<Order extends SettledOrder, Answer>(
  ports: SightPorts<Order>,
  attempt: SettledAttempt,
  call: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof AppError && error.code === "payment_outcome_unknown")
      await loseSight(ports, attempt);
    throw error;
  }
}

/** Where somebody else moves the order meanwhile, that one knows more: nothing is recorded then. */
async function loseSight<Order extends SettledOrder>(
  ports: SightPorts<Order>,
  { id, orderId }: SettledAttempt,
): Promise<void> {
  const order = await ports.load(orderId);
  const attempt = order?.attempt;
  if (order === undefined || attempt?.id !== id) return;
  if (nextState(orderTransitions, order.status, "lose_sight") === undefined) return;
  await ports.change(order, {
    order: { transition: "lose_sight", event: "order.payment_unknown", data: { attempt_id: id } },
    // What an attempt was before tells which call it is that nobody knows of.
    ...(attempt.providerReference === null ? { attempt: { id, status: "unknown" as const } } : {}),
  });
}
