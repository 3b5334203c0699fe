import { createAuthorization } from "./authorizations.ts";
import { createCapture } from "./captures.ts";
import { unprocessable, unprocessableBody } from "./failure.ts";
import { requireUnusedInvoice } from "./invoices.ts";
import { approvalUrl } from "./order-view.ts";
import { answerWithOrder, findOrder } from "./orders.ts";
import { behaviourOf } from "./payers.ts";
import type { Paid, Payer, PurchaseUnit, StoredOrder } from "./resources.ts";
import { answer, type Call, type Reply, type Simulation, timestamp } from "./simulation.ts";

/** Reserves the money that the buyer approved; one authorisation is allowed for each order. */
export function authorizeOrder(simulation: Simulation, call: Call, id: string): Reply {
  const order = findOrder(simulation, id);
  if (order.intent === "CAPTURE") throw unprocessable("ACTION_DOES_NOT_MATCH_INTENT");
  if (order.status === "COMPLETED") throw unprocessable("ORDER_ALREADY_AUTHORIZED");
  return pay(simulation, call, {
    order,
    payUnit: (unit, paid) => createAuthorization(simulation, { amount: bare(unit), paid, parentId: null }),
  });
}

/** Takes the money that the buyer approved. */
export function captureOrder(simulation: Simulation, call: Call, id: string): Reply {
  const order = findOrder(simulation, id);
  if (order.intent === "AUTHORIZE") {
    throw unprocessable("ACTION_DOES_NOT_MATCH_INTENT", {
      description:
        "Order was created with an intent to 'AUTHORIZE'. Please use v2/checkout/orders/order_id/authorize to " +
        "authorize payment or alternately Create an order with an intent of 'CAPTURE'.",
    });
  }
  if (order.status === "COMPLETED") throw unprocessable("ORDER_ALREADY_CAPTURED");
  return pay(simulation, call, {
    order,
    payUnit: (unit, paid) =>
      createCapture(simulation, { amount: bare(unit), paid, isFinal: true, authorizationId: null }),
  });
}

type Payment = { order: StoredOrder; payUnit: (unit: PurchaseUnit, paid: Paid) => unknown };

function pay(simulation: Simulation, call: Call, { order, payUnit }: Payment): Reply {
  const { payer } = order;
  if (order.status !== "APPROVED" || payer === null) throw unprocessable("ORDER_NOT_APPROVED");
  for (const unit of order.units) requireUnusedInvoice(simulation, order.id, unit.invoice_id);
  const behaviour = behaviourOf(payer.email_address);
  if (behaviour === "decline") return decline(simulation, order);
  if (behaviour === "refuse") return answer(422, unprocessableBody("TRANSACTION_REFUSED"));
  for (const unit of order.units) payUnit(unit, paidOf(order, unit, payer));
  const completed: StoredOrder = { ...order, status: "COMPLETED", update_time: timestamp(simulation) };
  simulation.store.save(completed);
  simulation.timers.cancel({ kind: "forget_order", objectId: order.id });
  return answerWithOrder(simulation, call, { order: completed, status: 201 });
}

/** The buyer is sent back to choose another way to pay. Being an answer, it is kept under the request's id. */
function decline(simulation: Simulation, order: StoredOrder): Reply {
  const status = order.isWallet ? "PAYER_ACTION_REQUIRED" : "CREATED";
  simulation.store.save({ ...order, status, update_time: timestamp(simulation) });
  const links = [{ href: approvalUrl(order), rel: "redirect", method: "GET" }];
  return answer(422, { ...unprocessableBody("INSTRUMENT_DECLINED"), links });
}

function paidOf(order: StoredOrder, unit: PurchaseUnit, payer: Payer): Paid {
  return {
    orderId: order.id,
    referenceId: unit.reference_id,
    invoiceId: unit.invoice_id ?? null,
    customId: unit.custom_id ?? null,
    origin: order.origin,
    payerEmail: payer.email_address,
  };
}

/** The amount without its breakdown, as payments carry it. */
function bare({ amount: { currency_code, value } }: PurchaseUnit) {
  return { currency_code, value };
}
