import { randomUUID } from "node:crypto";
import { Attempt, address } from "../buying.ts";
import type { Call } from "../shop-client.ts";
import { registerCustomer, request } from "../stack.ts";
import {
  type RepeatableCall,
  buyer,
  seller,
  Identified,
  newOrder,
  paidOrder,
  tracking,
  packedOrder,
  tokenOf,
  returnOf,
  requestedReturn,
  approvedReturn,
  byStaff,
  newAttribute,
  newKey,
  newProduct,
  filledCart,
  mergePatch,
  byFreshAdmin,
  newRole,
  byFreshAdminNow,
  roleNamed,
  customer,
  formerGuest,
  newCategory,
  newVariant,
} from "./idempotent-scenes.ts";
import { paymentDeskCalls } from "./payments/desk-calls.ts";

/** Every write that takes an Idempotency-Key, made once. A new route with the header gets an entry here. */
export const repeatableCalls: Record<string, () => Promise<RepeatableCall>> = {
  ...paymentDeskCalls,
  "POST /orders": async () => {
    const { cart, headers } = await filledCart();
    const json = { quote_hash: cart.quote_hash, email: "buyer@example.com", shipping_address: address };
    return { path: "/orders", headers, json, other: { ...json, notes: "Ring twice." } };
  },
  "POST /orders/{id}/cancel": async () => {
    const order = await newOrder();
    return { path: `/orders/${order.id}/cancel`, headers: tokenOf(order) };
  },
  "POST /admin/orders/{id}/cancel": async () =>
    byStaff({ path: `/admin/orders/${(await newOrder()).id}/cancel` }),
  "POST /orders/{id}/returns": async () => {
    const { order } = await packedOrder("ship");
    const path = `/orders/${order.id}/returns`;
    return { path, headers: tokenOf(order), json: returnOf(order, 1), other: returnOf(order, 2) };
  },
  "POST /payment/checkout": async () => {
    const order = await newOrder();
    const json = { order_id: order.id, provider: "stripe" };
    return {
      path: "/payment/checkout",
      headers: tokenOf(order),
      json,
      other: { ...json, return_url: "https://shop.example/thanks" },
    };
  },
  "POST /payment/confirm": async () => {
    const order = await newOrder();
    const attempt = (await buyer.startPayment(order)).as(Attempt);
    await buyer.payWith(attempt);
    const other = { order_id: (await newOrder()).id };
    return { path: "/payment/confirm", headers: tokenOf(order), json: { order_id: order.id }, other };
  },
  "POST /cart": async () => {
    const { variantId, headers } = await filledCart();
    const json = { variant_id: variantId, quantity: 1 };
    return { path: "/cart", headers, json, other: { ...json, quantity: 2 } };
  },
  "PATCH /cart/{id}": async () => {
    const { headers, line: path } = await filledCart();
    return { path, headers, json: { quantity: 4 }, other: { quantity: 5 } };
  },
  "DELETE /cart/{id}": async () => {
    const { headers, line: path } = await filledCart();
    return { path, headers };
  },
  "POST /customers/me/addresses": async () => {
    const { token } = await registerCustomer();
    return {
      path: "/customers/me/addresses",
      token,
      json: { address },
      other: { address: { ...address, city: "Faro" } },
    };
  },
  "POST /admin/products": async () => {
    const made = () => ({ title: "Lamp", handle: `lamp-${randomUUID()}`, variants: [newVariant()] });
    return byStaff({ path: "/admin/products", json: made(), other: made() });
  },
  "PATCH /admin/products/{id}": async () =>
    byStaff({ path: await newProduct(), headers: mergePatch, json: { brand: "A" }, other: { brand: "B" } }),
  "DELETE /admin/products/{id}": async () =>
    byStaff({ path: await newProduct(), headers: { "if-match": '"v1"' } }),
  "POST /admin/categories": async () => {
    const made = () => ({ title: `Lamps ${randomUUID()}` });
    return byStaff({ path: "/admin/categories", json: made(), other: made() });
  },
  "PATCH /admin/categories/{id}": async () =>
    byStaff({ path: await newCategory(), headers: mergePatch, json: { title: "A" }, other: { title: "B" } }),
  "DELETE /admin/categories/{id}": async () =>
    byStaff({ path: await newCategory(), headers: { "if-match": '"v1"' } }),
  "POST /admin/attributes": async () => {
    const made = () => ({ key: newKey(), title: "Fabric", applies_to: "product", type: "text" });
    return byStaff({ path: "/admin/attributes", json: made(), other: made() });
  },
  "PATCH /admin/attributes/{key}": async () =>
    byStaff({ path: await newAttribute(), headers: mergePatch, json: { title: "A" }, other: { title: "B" } }),
  "DELETE /admin/attributes/{key}": async () =>
    byStaff({ path: await newAttribute(), headers: { "if-match": '"v1"' } }),
  "POST /admin/inventory/{sku}/adjustments": async () => {
    const { sku } = await seller.stockVariant(0);
    const json = { kind: "receive", quantity: 3, reason: "delivery" };
    return byStaff({ path: `/admin/inventory/${sku}/adjustments`, json, other: { ...json, quantity: 4 } });
  },
  "PUT /admin/inventory/{sku}/threshold": async () => {
    const { sku } = await seller.stockVariant(1);
    return byStaff({ path: `/admin/inventory/${sku}/threshold`, json: { low_at: 2 }, other: { low_at: 3 } });
  },
  "POST /admin/inventory/{sku}/reconcile": async () => {
    const { sku } = await seller.stockVariant(1);
    const path = `/admin/inventory/${sku}/reconcile`;
    return byStaff({ path, json: { repair: false }, other: { repair: true } });
  },
  "POST /admin/orders/{id}/fulfilments": async () => {
    const order = await paidOrder();
    const lines = [{ order_line_id: order.lines[0]?.id, quantity: 1 }];
    return byStaff({ path: `/admin/orders/${order.id}/fulfilments`, json: { lines }, other: {} });
  },
  "POST /admin/orders/{id}/fulfilments/{fulfilment_id}/ship": async () => {
    const { parcel } = await packedOrder();
    return byStaff({
      path: `${parcel}/ship`,
      json: tracking,
      other: { ...tracking, tracking_number: "RR2" },
    });
  },
  "POST /admin/orders/{id}/fulfilments/{fulfilment_id}/deliver": async () =>
    byStaff({ path: `${(await packedOrder("ship")).parcel}/deliver` }),
  "POST /admin/orders/{id}/fulfilments/{fulfilment_id}/cancel": async () =>
    byStaff({ path: `${(await packedOrder()).parcel}/cancel` }),
  "POST /admin/orders/{id}/manual-payment": async () => {
    const order = await newOrder();
    await request("/payment/checkout", {
      method: "POST",
      json: { order_id: order.id, provider: "manual" },
      headers: { ...tokenOf(order), "idempotency-key": randomUUID() },
    });
    return byStaff({ path: `/admin/orders/${order.id}/manual-payment` });
  },
  "POST /admin/orders/{id}/refunds": async () => {
    const path = `/admin/orders/${(await paidOrder()).id}/refunds`;
    return byStaff({ path, json: { amount: 100, restock: false }, other: { amount: 101, restock: false } });
  },
  "POST /admin/orders/{id}/returns": async () => {
    const { order } = await packedOrder("ship");
    const path = `/admin/orders/${order.id}/returns`;
    return byStaff({ path, json: returnOf(order, 1), other: returnOf(order, 2) });
  },
  "POST /admin/returns/{id}/approve": async () => {
    const { path } = await requestedReturn();
    return byStaff({ path: `${path}/approve`, json: { note: "Yes." }, other: { note: "Well." } });
  },
  "POST /admin/returns/{id}/decline": async () => {
    const { path } = await requestedReturn();
    return byStaff({ path: `${path}/decline`, json: { note: "No." }, other: { note: "Never." } });
  },
  "POST /admin/returns/{id}/receive": async () => {
    const { order, path } = await approvedReturn();
    const came = (restock: boolean) => ({
      lines: [{ order_line_id: order.lines[0]?.id, quantity: 1, restock }],
    });
    return byStaff({ path: `${path}/receive`, json: came(true), other: came(false) });
  },
  "POST /admin/search/synonyms": async () => {
    const words = [randomUUID(), randomUUID()];
    return byStaff({ path: "/admin/search/synonyms", json: { words }, other: { words: [...words, "lamp"] } });
  },
  "POST /admin/roles": async () =>
    byFreshAdmin({ path: "/admin/roles", json: roleNamed(), other: roleNamed() }),
  "PATCH /admin/roles/{id}": async () =>
    byFreshAdmin({ path: await newRole(), headers: mergePatch, json: roleNamed(), other: roleNamed() }),
  "POST /admin/staff": async () => {
    const [one, other] = [await customer(), await customer()];
    return byFreshAdmin({ path: "/admin/staff", json: { email: one.email }, other: { email: other.email } });
  },
  "PATCH /admin/staff/{id}": async () => {
    const { email } = await customer();
    const { id } = (await byFreshAdminNow("/admin/staff", { email })).as(Identified);
    const json = { suspended: true };
    return byFreshAdmin({
      path: `/admin/staff/${id}`,
      headers: mergePatch,
      json,
      other: { suspended: false },
    });
  },
  "PUT /customers/me/consents/{purpose}": async () => {
    const { token } = await customer();
    const json = { granted: true, wording: "newsletter-1" };
    return { path: "/customers/me/consents/promotions", token, json, other: { ...json, granted: false } };
  },
  "POST /admin/privacy/guest-erasures": async () => {
    const [one, other] = [await formerGuest(), await formerGuest()];
    return byStaff({
      path: "/admin/privacy/guest-erasures",
      json: { email: one },
      other: { email: other },
    });
  },
  "POST /admin/customers/{id}/password-reset": async () =>
    byStaff({ path: `/admin/customers/${(await customer()).id}/password-reset` }),
  "POST /admin/customers/{id}/disable": async () =>
    byStaff({ path: `/admin/customers/${(await customer()).id}/disable` }),
  "POST /admin/customers/{id}/enable": async () =>
    byStaff({ path: `/admin/customers/${(await customer()).id}/enable` }),
  "DELETE /admin/customers/{id}": async () =>
    byFreshAdmin({ path: `/admin/customers/${(await customer()).id}` }),
  "POST /admin/returns/{id}/close": async () => byStaff({ path: `${(await approvedReturn()).path}/close` }),
};

/** Sends a call under a key. */
export function send(route: string, call: RepeatableCall, key: string, json = call.json) {
  const [method = ""] = route.split(" ");
  const { path, token, headers = {} } = call;
  const sent: Call = {
    method,
    headers: { ...headers, ...(key === "" ? {} : { "idempotency-key": key }) },
    ...(json === undefined ? {} : { json }),
    ...(token === undefined ? {} : { token }),
  };
  return request(path, sent);
}
