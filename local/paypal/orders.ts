import { unknownResource } from "./failure.ts";
import { newId } from "./ids.ts";
import { checkUnits, OrderRequest, requireRequestId, type UnitRequest } from "./order-request.ts";
import { describeOrder, summariseOrder } from "./order-view.ts";
import { parseBody } from "./parameters.ts";
import { PAYEE } from "./payee.ts";
import type { PurchaseUnit, StoredOrder } from "./resources.ts";
import { answer, type Call, type Reply, type Simulation, timestamp } from "./simulation.ts";

/** An order that nobody pays is forgotten. */
const ORDER_VALID_SECONDS = 3 * 60 * 60;

export function createOrder(simulation: Simulation, call: Call): Reply {
  const request = parseBody(OrderRequest, call.body);
  checkUnits(request.intent, request.purchase_units);
  const wallet = request.payment_source?.paypal;
  if (request.payment_source !== undefined) requireRequestId(call.headers.requestId);
  const { brand_name, return_url, cancel_url } =
    wallet?.experience_context ?? request.application_context ?? {};
  const now = timestamp(simulation);
  const order: StoredOrder = {
    kind: "order",
    id: newId(),
    created: simulation.clock.nowSeconds(),
    intent: request.intent,
    status: wallet === undefined ? "CREATED" : "PAYER_ACTION_REQUIRED",
    units: request.purchase_units.map(unitOf),
    payer: null,
    isWallet: wallet !== undefined,
    experience: {
      ...(brand_name === undefined ? {} : { brand_name }),
      ...(return_url === undefined ? {} : { return_url }),
      ...(cancel_url === undefined ? {} : { cancel_url }),
    },
    origin: call.origin,
    create_time: now,
    update_time: now,
  };
  simulation.store.save(order);
  const expiry = { kind: "forget_order", objectId: order.id } as const;
  simulation.timers.set(expiry, order.created + ORDER_VALID_SECONDS);
  return answerWithOrder(simulation, call, { order, status: 201 });
}

/** PayPal names the only unit itself, so that it can be patched. */
function unitOf({ reference_id = "default", amount, ...unit }: UnitRequest): PurchaseUnit {
  const { breakdown, currency_code, value } = amount;
  const parts = Object.entries(breakdown ?? {});
  return {
    reference_id,
    amount: {
      currency_code,
      value,
      ...(breakdown === undefined ? {} : { breakdown: Object.fromEntries(parts) }),
    },
    payee: PAYEE,
    ...given(unit),
  };
}

function given(unit: Omit<UnitRequest, "reference_id" | "amount">): Record<string, unknown> {
  return Object.fromEntries(Object.entries(unit).filter(([, value]) => value !== undefined));
}

export function retrieveOrder(simulation: Simulation, _call: Call, id: string): Reply {
  return answer(200, describeOrder(simulation, findOrder(simulation, id)));
}

export function findOrder(simulation: Simulation, id: string): StoredOrder {
  const order = simulation.store.find("order", id);
  if (order === undefined) throw unknownResource();
  return order;
}

export function answerWithOrder(
  simulation: Simulation,
  { headers }: Call,
  { order, status }: { order: StoredOrder; status: number },
): Reply {
  const view = headers.wantsRepresentation ? describeOrder : summariseOrder;
  return answer(status, view(simulation, order));
}

/** After this PayPal knows nothing of the order any more. */
export function forgetOrder(simulation: Simulation, order: StoredOrder): void {
  if (order.status === "COMPLETED") throw new Error(`Order ${order.id} is paid and is kept.`);
  simulation.store.remove(order.id);
}
