import { idsOf, SELLER_PROTECTION } from "./authorizations.ts";
import { recordEvent } from "./events.ts";
import { unknownResource } from "./failure.ts";
import { newId } from "./ids.ts";
import { knownUnits, type Money, moneyOf } from "./money.ts";
import { PAYEE } from "./payee.ts";
import { behaviourOf } from "./payers.ts";
import type { Paid, StoredCapture } from "./resources.ts";
import { answer, type Call, type Reply, type Simulation, timestamp } from "./simulation.ts";

const REVIEW_SECONDS = 10;
const DISPUTE_SECONDS = 10;
const FEE_PERCENT = 3.49;

type NewCapture = { amount: Money; paid: Paid; isFinal: boolean; authorizationId: string | null };

/** Takes the money; the payer decides whether it comes at once. */
export function createCapture(
  simulation: Simulation,
  { amount, paid, isFinal, authorizationId }: NewCapture,
): StoredCapture {
  const behaviour = behaviourOf(paid.payerEmail);
  const isPending = behaviour === "review" || behaviour === "deny";
  const now = timestamp(simulation);
  const capture: StoredCapture = {
    ...paid,
    kind: "capture",
    id: newId(),
    created: simulation.clock.nowSeconds(),
    status: isPending ? "PENDING" : "COMPLETED",
    amount,
    final_capture: isFinal,
    authorizationId,
    create_time: now,
    update_time: now,
  };
  simulation.store.save(capture);
  if (isPending) {
    simulation.timers.set({ kind: "finish_review", objectId: capture.id }, capture.created + REVIEW_SECONDS);
  }
  if (behaviour === "dispute") {
    simulation.timers.set({ kind: "open_dispute", objectId: capture.id }, capture.created + DISPUTE_SECONDS);
  }
  recordCapture(simulation, capture);
  return capture;
}

/** PayPal has looked at the payment and decided. */
export function finishReview(simulation: Simulation, capture: StoredCapture): void {
  const isDenied = behaviourOf(capture.payerEmail) === "deny";
  const decided: StoredCapture = {
    ...capture,
    status: isDenied ? "DECLINED" : "COMPLETED",
    update_time: timestamp(simulation),
  };
  simulation.store.save(decided);
  recordCapture(simulation, decided);
}

function recordCapture(simulation: Simulation, capture: StoredCapture): void {
  const type = capture.status === "DECLINED" ? "DENIED" : capture.status;
  recordEvent(simulation, `PAYMENT.CAPTURE.${type}`, {
    resource: describeCapture(capture),
    transactionId: capture.id,
    origin: capture.origin,
  });
}

export function retrieveCapture(simulation: Simulation, _call: Call, id: string): Reply {
  return answer(200, describeCapture(findCapture(simulation, id)));
}

export function findCapture(simulation: Simulation, id: string): StoredCapture {
  const capture = simulation.store.find("capture", id);
  if (capture === undefined) throw unknownResource();
  return capture;
}

export function describeCapture(capture: StoredCapture): object {
  const { id, status, amount, origin, orderId, authorizationId, create_time, update_time } = capture;
  const url = `${origin}/v2/payments/captures/${id}`;
  const up =
    authorizationId === null
      ? `${origin}/v2/checkout/orders/${orderId}`
      : `${origin}/v2/payments/authorizations/${authorizationId}`;
  return {
    id,
    status,
    ...(status === "PENDING" ? { status_details: { reason: "PENDING_REVIEW" } } : {}),
    amount,
    ...idsOf(capture),
    final_capture: capture.final_capture,
    seller_protection: SELLER_PROTECTION,
    ...(status === "PENDING" ? {} : { seller_receivable_breakdown: breakdownOf(amount) }),
    disbursement_mode: "INSTANT",
    payee: PAYEE,
    supplementary_data: {
      related_ids: {
        order_id: orderId,
        ...(authorizationId === null ? {} : { authorization_id: authorizationId }),
      },
    },
    create_time,
    update_time,
    links: [
      { href: url, rel: "self", method: "GET" },
      { href: `${url}/refund`, rel: "refund", method: "POST" },
      { href: up, rel: "up", method: "GET" },
    ],
  };
}

function breakdownOf(gross: Money): object {
  const currency = gross.currency_code;
  const fee = Math.round((knownUnits(gross) * FEE_PERCENT) / 100);
  return {
    gross_amount: gross,
    paypal_fee: moneyOf(fee, currency),
    net_amount: moneyOf(knownUnits(gross) - fee, currency),
  };
}
