import { AppError } from "#core/errors";
import type { PaymentProvider } from "#core/payment-facts";
import type { EpochMs } from "#core/time";
import type { PaymentEnd } from "#features/orders/ending";
import { isPayable, orderTimes } from "#features/orders/rules";
import { isPromised } from "./closing.ts";
import { isOpen } from "./rules.ts";
import type { SettledAttempt, SettledOrder, SettlementPorts } from "./settlement-ports.ts";
import { keepingSight } from "./sight.ts";

type OpenedOrder = SettledOrder & { readonly holdExpiresAt: Date };

/** A payment that the buyer can go on with. */
export type OpenedPayment<Order, Attempt, Handover, Answer> = {
  readonly order: Order;
  readonly attempt: Attempt;
  /** What the provider says now. */
  readonly handover: Handover;
  /** The answer that this idempotency key got before. */
  readonly answered: Answer | undefined;
  /** The same request was faster and got the same payment. */
  readonly overtaken: boolean;
};

type Answered = { readonly attemptId: string };

/** What opening a payment needs from the world; the real ones ask Postgres and the provider. */
export type OpeningPorts<
  Attempt extends SettledAttempt,
  Order extends OpenedOrder & { readonly attempt: Attempt | undefined },
  Handover,
  Answer extends Answered,
> = {
  readonly now: () => EpochMs;
  /** The order, and then the answer that this idempotency key got before. */
  readonly look: () => Promise<{ readonly order: Order; readonly answered: Answer | undefined }>;
  readonly load: () => Promise<Order>;
  /** Stores a new attempt; undefined when the order has an open one by now. */
  readonly insertAttempt: (order: Order) => Promise<Attempt | undefined>;
  /** Stores a new manual attempt together with the answer; "taken" when the order has an open attempt by now. */
  readonly promise: (
    order: Order,
  ) => Promise<{ readonly attempt: Attempt; readonly handover: Handover } | "same_key" | "taken">;
  readonly authorise: (order: Order, attempt: Attempt) => Promise<Handover>;
  readonly read: (attempt: Attempt, reference: string) => Promise<Handover>;
  /** Ends the order's open payment; one that has got further than that is settled instead. */
  readonly close: (order: Order) => Promise<PaymentEnd<Order>>;
  readonly change: SettlementPorts<Order>["change"];
  readonly settle: (orderId: string) => Promise<unknown>;
  /** Stores the answer together with the provider's reference, where the attempt has none yet. */
  readonly store: (
    order: Order,
    attempt: Attempt,
    handover: Handover,
  ) => Promise<"stored" | "same_key" | "lost_race">;
};

/** Rounds after lost races. */
const roundsMax = 3;

/**
 * Opens an order's payment. The attempt is stored before the provider is called, under a key that is derived from it,
 * so that a crash in between leads back to the same payment. An order has one open attempt: a repeated call, with
 * whatever key, resumes it; a call for another provider ends it first, also a promise of a bank transfer.
 * @throws AppError invalid_transition, order_expired, payment_in_progress; the provider's faults pass through.
 */
export async function openPayment<
  Attempt extends SettledAttempt,
  Order extends OpenedOrder & { readonly attempt: Attempt | undefined },
  Handover,
  Answer extends Answered,
>(
  ports: OpeningPorts<Attempt, Order, Handover, Answer>,
  provider: PaymentProvider,
): Promise<OpenedPayment<Order, Attempt, Handover, Answer>> {
  for (let round = 0; round < roundsMax; round++) {
    const { order, answered } = await ports.look();
    if (answered) {
      const attempt = attemptAnswered(order, answered);
      // The same request stored its answer after the order was read: look again.
      if (attempt.providerReference === null) continue;
      const handover = await ports.read(attempt, attempt.providerReference);
      return { order, attempt, handover, answered, overtaken: false };
    }
    if (provider !== "manual" && isPromised(order)) {
      await takeBackPromise(ports, order);
      continue;
    }
    const open = openAttempt(order, ports.now());
    if (open && open.provider !== provider) {
      await supersede(ports, order.id);
      continue;
    }
    if (open === undefined && provider === "manual") {
      const promised = await ports.promise(order);
      if (promised === "same_key") continue;
      if (promised === "taken") throw startedElsewhere();
      await regainSight(ports, order);
      return { order, ...promised, answered, overtaken: false };
    }
    const attempt = open ?? (await ports.insertAttempt(order));
    if (attempt === undefined) throw startedElsewhere();
    const handover =
      attempt.providerReference === null
        ? await keepingSight(ports, attempt, () => ports.authorise(order, attempt))
        : await ports.read(attempt, attempt.providerReference);
    const stored = await ports.store(order, attempt, handover);
    if (stored === "lost_race") continue;
    await regainSight(ports, order);
    return { order, attempt, handover, answered, overtaken: stored === "same_key" };
  }
  throw startedElsewhere();
}

/** What became of an earlier payment is looked up now that there is another one. */
async function regainSight(
  ports: { readonly settle: (orderId: string) => Promise<unknown> },
  { id, status }: SettledOrder,
): Promise<void> {
  if (status === "payment_unknown") await ports.settle(id);
}

function attemptAnswered<Attempt extends SettledAttempt>(
  { attempt }: { readonly attempt: Attempt | undefined },
  { attemptId }: Answered,
): Attempt {
  if (attempt?.id === attemptId) return attempt;
  throw new AppError("payment_in_progress", {
    detail: "The attempt of this Idempotency-Key has been replaced; start again with a new key.",
  });
}

/** The order's open attempt, if it has one. */
function openAttempt<Attempt extends SettledAttempt>(
  order: OpenedOrder & { readonly attempt: Attempt | undefined },
  now: EpochMs,
): Attempt | undefined {
  if (!isPayable(order.status))
    throw new AppError("invalid_transition", { detail: `An order that is ${order.status} cannot be paid.` });
  if (order.holdExpiresAt.getTime() <= now)
    throw new AppError("order_expired", { detail: "The time to pay is over; place the order again." });
  return isOpen(order.attempt?.status) ? order.attempt : undefined;
}

type PromisePorts<Order extends SettledOrder> = {
  readonly now: () => EpochMs;
  readonly change: SettlementPorts<Order>["change"];
  readonly settle: (orderId: string) => Promise<unknown>;
};

/**
 * The buyer who promised a bank transfer pays another way: the order waits for its payment again, with its stock, and as
 * long as any does. What was loaded before the look at the transfer guards the change: money that staff have received
 * since then makes it fail, and pays the order.
 */
async function takeBackPromise<Order extends SettledOrder>(
  ports: PromisePorts<Order>,
  order: Order & { readonly attempt: SettledAttempt },
): Promise<void> {
  const { id } = order.attempt;
  await ports.settle(order.id);
  await ports.change(order, {
    order: {
      transition: "withdraw_promise",
      event: "order.payment_awaited",
      data: { attempt_id: id },
      payBy: new Date(ports.now() + orderTimes.payWithinMs),
    },
    attempt: { id, status: "cancelled" },
  });
}

type SupersedePorts<Order> = {
  readonly load: () => Promise<Order>;
  readonly settle: (orderId: string) => Promise<unknown>;
  readonly close: (order: Order) => Promise<PaymentEnd<Order>>;
};

/**
 * The buyer has changed his mind: the payment that he leaves is ended first, so that only one can take money. One that he
 * has finished after all pays the order.
 */
async function supersede<Order extends OpenedOrder>(
  ports: SupersedePorts<Order>,
  orderId: string,
): Promise<void> {
  await ports.settle(orderId);
  const order = await ports.load();
  if (!isPayable(order.status)) return;
  const closed = await ports.close(order);
  if (closed.outcome === "settled" && isPayable(closed.order.status))
    throw new AppError("payment_in_progress", {
      detail: "A payment through another provider is under way and can no longer be ended; wait for it.",
      retryAfterSeconds: 5,
    });
}

function startedElsewhere(): AppError {
  return new AppError("payment_in_progress", {
    detail: "Another request is starting a payment for this order.",
    retryAfterSeconds: 1,
  });
}
