import { AppError } from "#core/errors";
import { newIdBeside } from "#core/ids";
import { changeOrderStatements } from "#features/orders/change-order";
import type { Order } from "#features/orders/load-order";
import { requireOrder } from "#features/orders/require-order";
import { unfulfilledUnits } from "#features/orders/rules";
import { readReceivedLines } from "#features/returns/received-lines";
import type { Context } from "#platform/context";
import { transact, violatesUnique } from "#platform/database";
import { type IdempotentRequest, keyReused } from "#platform/idempotency";
import { requireRecentProof } from "#platform/recent-proof";
import { ordersAt } from "#platform/order-homes";
import { executeRefund } from "./execute-refund.ts";
import { presentRefund } from "./present-refund.ts";
import { type RefundPlan, planRefund, refundableAmount, refundablePayment } from "./refund-rules.ts";
import type { NewRefund, RefundRow } from "./refund-store.ts";
import { findRefundByRequest, insertRefund } from "./refund-store.ts";
import type { RefundWire, RequestRefund } from "./schema.ts";

type RefundRequest = { orderId: string; request: IdempotentRequest; input: RequestRefund };

/**
 * Gives money of a paid order back: an amount, the price of lines, or all that is left. The refund is stored, and its
 * amount taken from what is left, before the provider is asked; a repetition with the same key finds it and goes on.
 * @throws AppError not_found, invalid_transition, refund_exceeds_payment, payment_outcome_unknown, conflict; step_up_required for much.
 */
export async function refundOrder(
  context: Context,
  { orderId, request, input }: RefundRequest,
): Promise<RefundWire> {
  const stored =
    (await findRefundByRequest(context, orderId, request)) ??
    (await storeRefund(context, { orderId, request, input }));
  if (stored.requestFingerprint !== request.fingerprint) throw keyReused();
  return presentRefund(await executeRefund(context, stored));
}

async function storeRefund(context: Context, { orderId, request, input }: RefundRequest): Promise<RefundRow> {
  const order = await requireOrder(context, orderId);
  const { attempt } = order;
  if (attempt?.status !== "captured")
    throw new AppError("invalid_transition", {
      detail: `An order that is ${order.status} has no payment to refund.`,
    });
  const payment = refundablePayment(order, attempt);
  const plan = planRefund(payment, order.lines, {
    amount: input.amount,
    lines: await linesToRefund(context, order, input),
  });
  if (!plan.ok) throw refusalOf(plan, order);
  const left = refundableAmount(payment);
  requireProofOfRefund(context, order, attempt.capturedAmount - left + plan.amount);
  if (input.restock) refusePackedUnits(order, plan.lines);
  const refund: NewRefund = {
    id: newIdBeside("refund", context.now(), order.id),
    orderId: order.id,
    attemptId: attempt.id,
    amount: plan.amount,
    currency: order.currency,
    reason: input.reason ?? null,
    restock: input.restock,
    returnId: input.return_id ?? null,
    lines: plan.lines,
    origin: "staff",
    requestScope: request.scope,
    requestKey: request.key,
    requestFingerprint: request.fingerprint,
  };
  try {
    // The order's version guards the sum: two refunds at once cannot both take what is left.
    const statements = [
      ...changeOrderStatements(context, order, {
        transition: undefined,
        event: "order.refund_requested",
        data: { refund_id: refund.id, amount: refund.amount, currency: refund.currency },
      }),
      insertRefund(context, refund),
    ] as const;
    await transact(ordersAt(context, order.id), statements);
  } catch (error) {
    if (!violatesUnique(error, "refunds_request_scope_request_key_key")) throw error;
  }
  context.wakeOutbox();
  const stored = await findRefundByRequest(context, orderId, request);
  if (stored === undefined) throw new Error(`refund ${refund.id} was stored and is not there`);
  return stored;
}

/**
 * Beyond the shop's limit a refund needs somebody who has just proven who they are. What went back of the payment before
 * counts too, so that many small refunds are no way around it.
 */
function requireProofOfRefund(context: Context, { currency }: Order, refundedInAll: number): void {
  const { SHOP_CURRENCY, REFUND_STEP_UP_ABOVE: limit } = context.settings;
  if (currency === SHOP_CURRENCY && refundedInAll <= limit) return;
  if (context.principal.kind === "api_key")
    throw new AppError("forbidden", {
      detail: `Refunds of a payment beyond ${limit} ${SHOP_CURRENCY}, in minor units, are given by people, who can prove who they are.`,
    });
  requireRecentProof(context);
}

/** The lines that the request names; of a refund for a return those that came back, and no others. */
async function linesToRefund(
  context: Context,
  order: Order,
  { return_id: returnId, lines, amount }: RequestRefund,
): Promise<RequestRefund["lines"]> {
  if (returnId === undefined) return lines;
  const left = new Map(
    (await readReceivedLines(context, order.id, returnId)).map((line) => [line.order_line_id, line.quantity]),
  );
  const refunded = order.refunds.filter((each) => each.returnId === returnId && each.status !== "failed");
  for (const { order_line_id: id, quantity } of refunded.flatMap((each) => each.lines))
    left.set(id, (left.get(id) ?? 0) - quantity);
  if (lines === undefined)
    return amount === undefined
      ? [...left].filter(([, units]) => units > 0).map(([id, quantity]) => ({ order_line_id: id, quantity }))
      : undefined;
  for (const [at, { order_line_id: id, quantity }] of lines.entries()) {
    const units = (left.get(id) ?? 0) - quantity;
    left.set(id, units);
    if (units < 0)
      throw new AppError("invalid_request", {
        detail:
          "The refund names units that did not come back with its return, or whose price went back already.",
        errors: [
          { pointer: `/lines/${at}`, code: "not_returned", detail: `${units + quantity} units are left.` },
        ],
      });
  }
  return lines;
}

/** Only what nobody has packed goes back on sale at once; what was packed comes back by a return. */
function refusePackedUnits(order: Order, lines: RefundRow["lines"]): void {
  const unpacked = unfulfilledUnits(order);
  const errors = lines.flatMap(({ order_line_id: id, quantity }, index) => {
    const left = (unpacked.get(id) ?? 0) - quantity;
    unpacked.set(id, left);
    if (left >= 0) return [];
    const detail = `${Math.max(0, left + quantity)} units of this line are not packed.`;
    return [{ pointer: `/lines/${index}`, code: "already_packed", detail }];
  });
  if (errors.length > 0)
    throw new AppError("invalid_transition", {
      detail:
        "Units in a parcel cannot go back on sale with a refund: cancel the parcel while it is open, or receive shipped units with a return, which decides about restocking. With restock false only the money is refunded.",
      errors,
    });
}

function refusalOf(plan: Extract<RefundPlan, { ok: false }>, order: Order): AppError {
  const pointer = `/lines/${plan.at ?? 0}`;
  switch (plan.reason) {
    case "nothing_left":
    case "too_much":
      return new AppError("refund_exceeds_payment", {
        detail: `Less than that is left of the ${order.total} ${order.currency} paid; refunds under way count as given.`,
      });
    case "unknown_line":
      return new AppError("invalid_request", {
        detail: "The order has no such line.",
        errors: [{ pointer, code: "unknown_line", detail: "Take the id from the order's lines." }],
      });
    case "too_many_units":
      return new AppError("refund_exceeds_payment", {
        detail: "More units of a line would be refunded than were bought.",
        errors: [{ pointer, code: "too_many_units", detail: "Earlier refunds of this line count." }],
      });
  }
}
