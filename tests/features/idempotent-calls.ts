import { randomUUID } from "node:crypto";
import { vi } from "vitest";
import { z } from "zod";
import { Attempt, Order, address, createBuyer } from "../buying.ts";
import { createSeller } from "../selling.ts";
import type { Call } from "../shop-client.ts";
import { adminToken, registerCustomer, request, stack } from "../stack.ts";
import { paymentDeskCalls } from "./payments/desk-calls.ts";

/** A write that is valid, and what else it might ask for under the same key. */
export type RepeatableCall = {
  path: string;
  json?: Record<string, unknown>;
  token?: string;
  headers?: Record<string, string>;
  method?: string;
  /** Another valid body; undefined where the route has none. */
  other?: Record<string, unknown>;
};

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);
const Identified = z.object({ id: z.string() });
const Parcels = z.object({ fulfilments: z.array(z.object({ id: z.string() })) });

let signedIn: Promise<string> | undefined;
const staffToken = () => (signedIn ??= adminToken());

async function staff(path: string, json?: Record<string, unknown>) {
  return request(path, {
    method: "POST",
    token: await staffToken(),
    headers: { "idempotency-key": randomUUID() },
    ...(json === undefined ? {} : { json }),
  });
}

async function newOrder(quantity = 2): Promise<Order> {
  const { variantId } = await seller.stockVariant(9, 1000);
  return buyer.order({ [variantId]: quantity });
}

async function paidOrder(): Promise<Order> {
  const order = await newOrder();
  await buyer.authorise(order);
  await buyer.confirm(order);
  await vi.waitFor(
    async () => {
      if ((await buyer.readOrder(order)).status !== "paid") throw new Error("not paid yet");
    },
    { timeout: 25_000, interval: 100 },
  );
  return order;
}

const tracking = { carrier: "Post", tracking_number: "RR1" };

/** An order with a parcel that has come so far. */
async function packedOrder(...steps: ("ship" | "deliver")[]) {
  const order = await paidOrder();
  const parcels = `/admin/orders/${order.id}/fulfilments`;
  const id = (await staff(parcels, {})).as(Parcels).fulfilments[0]?.id ?? "";
  for (const step of steps) await staff(`${parcels}/${id}/${step}`, step === "ship" ? tracking : undefined);
  return { order, parcel: `${parcels}/${id}` };
}

function tokenOf(order: Order): Record<string, string> {
  return { "order-token": order.access_token ?? "" };
}

const returnOf = (order: Order, quantity: number) => ({
  reason: "too small",
  lines: [{ order_line_id: order.lines[0]?.id, quantity }],
});

async function requestedReturn() {
  const { order } = await packedOrder("ship", "deliver");
  const { id } = (await staff(`/admin/orders/${order.id}/returns`, returnOf(order, 1))).as(Identified);
  return { order, path: `/admin/returns/${id}` };
}

async function approvedReturn() {
  const asked = await requestedReturn();
  await staff(`${asked.path}/approve`, {});
  return asked;
}

async function byStaff(call: Omit<RepeatableCall, "token">): Promise<RepeatableCall> {
  return { ...call, token: await staffToken() };
}

async function newProduct() {
  const { productId } = await seller.stockVariant(0);
  return `/admin/products/${productId}`;
}

const newKey = () => `k_${randomUUID().replaceAll("-", "")}`;

async function newAttribute(): Promise<string> {
  const key = newKey();
  await staff("/admin/attributes", { key, title: "Fabric", applies_to: "product", type: "text" });
  return `/admin/attributes/${key}`;
}

async function filledCart() {
  const { variantId } = await seller.stockVariant(5);
  const cart = await buyer.fillCart({ [variantId]: 2 });
  const headers = { "cart-token": cart.token ?? "" };
  return { cart, variantId, headers, line: `/cart/${cart.lines[0]?.id}` };
}

const mergePatch = { "content-type": "application/merge-patch+json", "if-match": '"v1"' };

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

const Session = z.object({ access_token: z.string(), user: z.object({ id: z.string() }) });

/** An act on the staff's power needs a proof of minutes ago, so these sign in for themselves. */
async function byFreshAdmin(call: Omit<RepeatableCall, "token">): Promise<RepeatableCall> {
  return { ...call, token: await adminToken() };
}

async function newRole() {
  const { id } = (await byFreshAdminNow("/admin/roles", roleNamed())).as(Identified);
  return `/admin/roles/${id}`;
}

async function byFreshAdminNow(path: string, json: Record<string, unknown>) {
  return request(path, { method: "POST", token: await adminToken(), json });
}

const roleNamed = () => ({ name: randomUUID(), permissions: [] });

async function customer() {
  const email = `${randomUUID()}@customers.example`;
  const json = { email, password: randomUUID(), name: "Somebody" };
  const { access_token: token, user } = (await request("/auth/register", { method: "POST", json })).as(
    Session,
  );
  return { id: user.id, email, token };
}

/** A guest's address whose only order is over. */
async function formerGuest(): Promise<string> {
  const email = `${randomUUID()}@guests.example`;
  const { variantId } = await seller.stockVariant(5);
  const placed = await buyer.placeOrder(await buyer.fillCart({ [variantId]: 1 }), { json: { email } });
  await buyer.cancel(placed.as(Order));
  return email;
}

function newVariant() {
  return { sku: `SKU-${randomUUID()}`, price: 100 };
}

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
