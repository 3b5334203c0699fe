import { z } from "zod";
import { answerWithPayment, idsOf } from "./authorizations.ts";
import { findCapture } from "./captures.ts";
import { recordEvent } from "./events.ts";
import { unknownResource, unprocessable } from "./failure.ts";
import { newId } from "./ids.ts";
import { knownUnits, MoneyFields, moneyOf, unitsOf } from "./money.ts";
import { parseBody } from "./parameters.ts";
import type { StoredCapture, StoredRefund } from "./resources.ts";
import { answer, type Call, type Reply, type Simulation, timestamp } from "./simulation.ts";

const RefundRequest = z.looseObject({
  amount: MoneyFields.optional(),
  custom_id: z.string().min(1).max(127).optional(),
  invoice_id: z.string().min(1).max(127).optional(),
  note_to_payer: z.string().min(1).max(255).optional(),
});
type RefundRequest = z.infer<typeof RefundRequest>;

/** Gives all or part of a captured amount back; without an amount, all that is left. */
export function refundCapture(simulation: Simulation, call: Call, id: string): Reply {
  const request = parseBody(RefundRequest, call.body);
  const capture = findCapture(simulation, id);
  requireRefundable(capture);
  const refunded = refundedUnits(simulation, capture);
  const captured = knownUnits(capture.amount);
  const units = amountToRefund(capture, captured - refunded, request.amount);
  const refund = buildRefund(simulation, capture, { request, units, totalUnits: refunded + units });
  simulation.store.save(refund);
  simulation.store.save({
    ...capture,
    status: refunded + units === captured ? "REFUNDED" : "PARTIALLY_REFUNDED",
    update_time: timestamp(simulation),
  });
  recordEvent(simulation, "PAYMENT.CAPTURE.REFUNDED", {
    resource: describeRefund(refund),
    transactionId: refund.id,
    origin: refund.origin,
  });
  return answerWithPayment(call, 201, describeRefund(refund));
}

function requireRefundable({ status }: StoredCapture): void {
  if (status === "REFUNDED") throw unprocessable("CAPTURE_FULLY_REFUNDED");
  if (status === "PENDING") throw unprocessable("PENDING_CAPTURE");
  if (status === "DECLINED") throw unprocessable("REFUND_NOT_ALLOWED");
}

function amountToRefund(capture: StoredCapture, left: number, requested: RefundRequest["amount"]): number {
  if (requested === undefined) return left;
  if (requested.currency_code !== capture.amount.currency_code) {
    throw unprocessable("REFUND_CAPTURE_CURRENCY_MISMATCH", {
      field: "/amount/currency_code",
      value: requested.currency_code,
    });
  }
  const units = unitsOf(requested, { field: "/amount" });
  if (units > left)
    throw unprocessable("REFUND_AMOUNT_EXCEEDED", { field: "/amount/value", value: requested.value });
  return units;
}

function refundedUnits({ store }: Simulation, capture: StoredCapture): number {
  return store
    .all("refund", [{ field: "captureId", operator: "=", value: capture.id }])
    .reduce((sum, refund) => sum + knownUnits(refund.amount), 0);
}

function buildRefund(
  simulation: Simulation,
  capture: StoredCapture,
  { request, units, totalUnits }: { request: RefundRequest; units: number; totalUnits: number },
): StoredRefund {
  const { orderId, referenceId, origin, payerEmail } = capture;
  const currency = capture.amount.currency_code;
  const now = timestamp(simulation);
  return {
    kind: "refund",
    id: newId(),
    created: simulation.clock.nowSeconds(),
    orderId,
    referenceId,
    origin,
    payerEmail,
    invoiceId: request.invoice_id ?? capture.invoiceId,
    customId: request.custom_id ?? capture.customId,
    status: "COMPLETED",
    amount: moneyOf(units, currency),
    captureId: capture.id,
    totalRefunded: moneyOf(totalUnits, currency),
    noteToPayer: request.note_to_payer ?? null,
    create_time: now,
    update_time: now,
  };
}

export function retrieveRefund(simulation: Simulation, _call: Call, id: string): Reply {
  const refund = simulation.store.find("refund", id);
  if (refund === undefined) throw unknownResource();
  return answer(200, describeRefund(refund));
}

export function describeRefund(refund: StoredRefund): object {
  const { id, status, amount, origin, captureId, totalRefunded, noteToPayer } = refund;
  return {
    id,
    status,
    amount,
    ...idsOf(refund),
    ...(noteToPayer === null ? {} : { note_to_payer: noteToPayer }),
    seller_payable_breakdown: {
      gross_amount: amount,
      paypal_fee: moneyOf(0, amount.currency_code),
      net_amount: amount,
      total_refunded_amount: totalRefunded,
    },
    create_time: refund.create_time,
    update_time: refund.update_time,
    links: [
      { href: `${origin}/v2/payments/refunds/${id}`, rel: "self", method: "GET" },
      { href: `${origin}/v2/payments/captures/${captureId}`, rel: "up", method: "GET" },
    ],
  };
}
