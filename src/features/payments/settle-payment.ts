import { AppError } from "#core/errors";
import type { PaymentFacts } from "#core/payment-facts";
import { changeOrderStatements } from "#features/orders/change-order";
import { type Order, loadOrder } from "#features/orders/load-order";
import { reservationId, unitsBySku } from "#features/orders/rules";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import type { PaymentAttempt } from "./attempts.ts";
import { type PaymentStep, nextPaymentStep } from "./rules.ts";
import { changeAttempt } from "./store.ts";

/** Steps that one settlement takes at most; a payment needs three. */
const stepsMax = 8;

/**
 * Brings an order to where the provider says its newest payment is: authorised → stock committed → captured → paid.
 * Webhooks, queue deliveries, the buyer's confirmation and the sweep all come here, in any order and any number; every
 * step is safe to repeat after a crash.
 * @returns the order as it stands then, or undefined when there is none.
 * @throws AppError payment_outcome_unknown or dependency_unavailable when the provider gives no answer.
 */
export async function settlePayment(context: Context, orderId: string): Promise<Order | undefined> {
  let facts: PaymentFacts | undefined;
  for (let step = 0; step < stepsMax; step++) {
    const order = await loadOrder(context, orderId);
    const attempt = order?.attempt;
    if (order === undefined || attempt === undefined || attempt.providerReference === null) return order;
    const gateway = context.payments[attempt.provider];
    facts ??= (await gateway.read(attempt.providerReference)).facts;
    const next = nextPaymentStep({ order, attempt }, facts);
    if (next.do === "rest") return order;
    try {
      facts = await perform(context, next, { order, attempt, facts });
    } catch (error) {
      // Another settlement of the same order was faster: look again.
      if (!lostRace(error)) throw error;
    }
  }
  throw new AppError("conflict", {
    detail: `The payment of ${orderId} did not settle in ${stepsMax} steps.`,
  });
}

type Situation = { order: Order; attempt: PaymentAttempt; facts: PaymentFacts };

/** @returns the facts that hold afterwards. */
async function perform(context: Context, step: PaymentStep, situation: Situation): Promise<PaymentFacts> {
  const { attempt, facts } = situation;
  const gateway = context.payments[attempt.provider];
  switch (step.do) {
    case "rest":
      return facts;
    case "park":
      await change(context, situation, {
        order: { transition: "review", event: "order.payment_review", data: { reason: step.reason } },
      });
      return facts;
    case "record_authorised":
      await change(context, situation, {
        order: { transition: "authorise", event: "order.authorised", data: { attempt_id: attempt.id } },
        attempt: { status: "authorised" },
      });
      return facts;
    case "commit_and_capture":
      return commitAndCapture(context, situation);
    case "void":
      return gateway.cancel(attempt.id, facts.reference);
    case "record_attempt":
      await change(context, situation, {
        ...(step.declined
          ? {
              order: {
                transition: undefined,
                event: "order.payment_failed" as const,
                data: { attempt_id: attempt.id, failure_code: step.failureCode },
              },
            }
          : {}),
        attempt: { status: step.status, failureCode: step.failureCode },
      });
      return facts;
  }
}

/** Stock first, money second: nothing is captured that cannot be delivered. */
async function commitAndCapture(context: Context, situation: Situation): Promise<PaymentFacts> {
  const { order, attempt, facts } = situation;
  const gateway = context.payments[attempt.provider];
  const missing = await commitStock(context, order);
  if (missing.length > 0) {
    const data = { reason: "out_of_stock", skus: missing };
    if (facts.state === "captured") {
      await change(context, situation, {
        order: { transition: "review", event: "order.payment_review", data },
      });
      return facts;
    }
    const cancelled = await gateway.cancel(attempt.id, facts.reference);
    if (cancelled.state !== "cancelled") return cancelled;
    await change(context, situation, {
      order: { transition: "cancel", event: "order.cancelled", data },
      attempt: { status: "cancelled" },
    });
    return cancelled;
  }
  const captured = facts.state === "captured" ? facts : await gateway.capture(attempt.id, facts.reference);
  if (captured.state !== "captured") return captured;
  await change(context, situation, {
    order: { transition: "pay", event: "order.paid", data: { attempt_id: attempt.id }, numbered: true },
    attempt: { status: "captured", capturedAmount: captured.capturedAmount },
  });
  return captured;
}

/** @returns the SKUs whose units are gone for good. */
async function commitStock(context: Context, order: Order): Promise<string[]> {
  const outcomes = await Promise.all(
    unitsBySku(order.lines).map(async ([sku]) => {
      const reply = await context.objects
        .inventory(sku)
        .commit({ type: "commit", id: reservationId(order.id, sku) });
      return { sku, ok: reply.ok };
    }),
  );
  return outcomes.filter((outcome) => !outcome.ok).map((outcome) => outcome.sku);
}

type Changes = {
  order?: Parameters<typeof changeOrderStatements>[2];
  attempt?: Parameters<typeof changeAttempt>[2];
};

async function change(context: Context, { order, attempt }: Situation, changes: Changes): Promise<void> {
  const statements = [
    ...(changes.order ? changeOrderStatements(context, order, changes.order) : []),
    ...(changes.attempt ? [changeAttempt(context, attempt, changes.attempt)] : []),
  ];
  const [first, ...rest] = statements;
  if (first === undefined) return;
  await transact(context.databases.primary, [first, ...rest]);
  if (changes.order) context.wakeOutbox();
}
