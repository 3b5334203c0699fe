import { describeAuthorization } from "./authorizations.ts";
import { describeCapture } from "./captures.ts";
import { describeRefund } from "./refunds.ts";
import type { PurchaseUnit, StoredOrder } from "./resources.ts";
import type { Simulation } from "./simulation.ts";

type Link = { href: string; rel: string; method: string };

/** The order as `Prefer: return=representation` and GET show it. */
export function describeOrder(simulation: Simulation, order: StoredOrder): object {
  return {
    id: order.id,
    intent: order.intent,
    status: order.status,
    ...payment(order),
    purchase_units: order.units.map((unit) => ({ ...unit, ...paymentsOf(simulation, order, unit) })),
    create_time: order.create_time,
    update_time: order.update_time,
    links: linksOf(order),
  };
}

/** The order as PayPal answers by default: nothing that the caller said himself. */
export function summariseOrder(simulation: Simulation, order: StoredOrder): object {
  const units = order.units.map((unit) => ({
    reference_id: unit.reference_id,
    ...paymentsOf(simulation, order, unit),
  }));
  const isPaid = order.status === "COMPLETED";
  return {
    id: order.id,
    status: order.status,
    ...payment(order),
    ...(isPaid ? { purchase_units: units } : {}),
    links: linksOf(order),
  };
}

function payment({ payer, isWallet }: StoredOrder): object {
  if (payer === null) return isWallet ? { payment_source: { paypal: {} } } : {};
  const { payer_id: account_id, ...person } = payer;
  return {
    payment_source: { paypal: { ...person, account_id, account_status: "VERIFIED" } },
    payer,
  };
}

function paymentsOf({ store }: Simulation, order: StoredOrder, unit: PurchaseUnit): object {
  const ofUnit = [
    { field: "orderId", operator: "=", value: order.id },
    { field: "referenceId", operator: "=", value: unit.reference_id },
  ] as const;
  const authorizations = store.all("authorization", ofUnit).reverse().map(describeAuthorization);
  const captures = store.all("capture", ofUnit).reverse().map(describeCapture);
  const refunds = store.all("refund", ofUnit).reverse().map(describeRefund);
  const payments = {
    ...(authorizations.length > 0 ? { authorizations } : {}),
    ...(captures.length > 0 ? { captures } : {}),
    ...(refunds.length > 0 ? { refunds } : {}),
  };
  return Object.keys(payments).length > 0 ? { payments } : {};
}

export function approvalUrl({ origin, id }: Pick<StoredOrder, "origin" | "id">): string {
  return `${origin}/checkoutnow?token=${id}`;
}

function linksOf(order: StoredOrder): Link[] {
  const { origin, id, intent, status, isWallet } = order;
  const url = `${origin}/v2/checkout/orders/${id}`;
  const self = { href: url, rel: "self", method: "GET" };
  if (status === "COMPLETED") return [self];
  const approve = { href: approvalUrl(order), rel: isWallet ? "payer-action" : "approve", method: "GET" };
  const verb = intent === "AUTHORIZE" ? "authorize" : "capture";
  const pay = { href: `${url}/${verb}`, rel: verb, method: "POST" };
  if (status === "APPROVED") return [self, { href: url, rel: "update", method: "PATCH" }, pay];
  return isWallet ? [self, approve] : [self, approve, { href: url, rel: "update", method: "PATCH" }, pay];
}
