import { randomUUID } from "node:crypto";
import { vi } from "vitest";
import { z } from "zod";
import { Order, createBuyer } from "../buying.ts";
import { createSeller } from "../selling.ts";
import { adminToken, request, stack } from "../stack.ts";

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
export const buyer = createBuyer({ api, stripe: services.stripe });
export const seller = createSeller(api);
export const Identified = z.object({ id: z.string() });
const CartWithStock = z.object({ lines: z.array(z.object({ available: z.int().nullable() })) });
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

export async function newOrder(quantity = 2): Promise<Order> {
  const { variantId } = await seller.stockVariant(9, 1000);
  return buyer.order({ [variantId]: quantity });
}

export async function paidOrder(): Promise<Order> {
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

export const tracking = { carrier: "Post", tracking_number: "RR1" };

/** An order with a parcel that has come so far. */
export async function packedOrder(...steps: ("ship" | "deliver")[]) {
  const order = await paidOrder();
  const parcels = `/admin/orders/${order.id}/fulfilments`;
  const id = (await staff(parcels, {})).as(Parcels).fulfilments[0]?.id ?? "";
  for (const step of steps) await staff(`${parcels}/${id}/${step}`, step === "ship" ? tracking : undefined);
  return { order, parcel: `${parcels}/${id}` };
}

export function tokenOf(order: Order): Record<string, string> {
  return { "order-token": order.access_token ?? "" };
}

export const returnOf = (order: Order, quantity: number) => ({
  reason: "too small",
  lines: [{ order_line_id: order.lines[0]?.id, quantity }],
});

export async function requestedReturn() {
  const { order } = await packedOrder("ship", "deliver");
  const { id } = (await staff(`/admin/orders/${order.id}/returns`, returnOf(order, 1))).as(Identified);
  return { order, path: `/admin/returns/${id}` };
}

export async function approvedReturn() {
  const asked = await requestedReturn();
  await staff(`${asked.path}/approve`, {});
  return asked;
}

export async function byStaff(call: Omit<RepeatableCall, "token">): Promise<RepeatableCall> {
  return { ...call, token: await staffToken() };
}

export async function newProduct() {
  const { productId } = await seller.stockVariant(0);
  return `/admin/products/${productId}`;
}

export const newKey = () => `k_${randomUUID().replaceAll("-", "")}`;

export async function newAttribute(): Promise<string> {
  const key = newKey();
  await staff("/admin/attributes", { key, title: "Fabric", applies_to: "product", type: "text" });
  return `/admin/attributes/${key}`;
}

/** @returns its path. */
export async function newCategory(): Promise<string> {
  const made = await staff("/admin/categories", { title: `Lamps ${randomUUID()}` });
  const { id } = made.as(z.object({ id: z.string() }));
  return `/admin/categories/${id}`;
}

export async function filledCart() {
  const { variantId } = await seller.stockVariant(5);
  const cart = await buyer.fillCart({ [variantId]: 2 });
  const headers = { "cart-token": cart.token ?? "" };
  // A cart shows today's stock: news of the delivery between an answer and its repetition would tell them apart.
  await vi.waitFor(
    async () => {
      const shown = (await request("/cart", { headers })).as(CartWithStock);
      if (shown.lines.some(({ available }) => available === null)) throw new Error("No stock is shown yet");
    },
    { timeout: 25_000, interval: 100 },
  );
  return { cart, variantId, headers, line: `/cart/${cart.lines[0]?.id}` };
}

export const mergePatch = { "content-type": "application/merge-patch+json", "if-match": '"v1"' };

const Session = z.object({ access_token: z.string(), user: z.object({ id: z.string() }) });

/** An act on the staff's power needs a proof of minutes ago, so these sign in for themselves. */
export async function byFreshAdmin(call: Omit<RepeatableCall, "token">): Promise<RepeatableCall> {
  return { ...call, token: await adminToken() };
}

export async function newRole() {
  const { id } = (await byFreshAdminNow("/admin/roles", roleNamed())).as(Identified);
  return `/admin/roles/${id}`;
}

export async function byFreshAdminNow(path: string, json: Record<string, unknown>) {
  return request(path, { method: "POST", token: await adminToken(), json });
}

export const roleNamed = () => ({ name: randomUUID(), permissions: [] });

export async function customer() {
  const email = `${randomUUID()}@customers.example`;
  const json = { email, password: randomUUID(), name: "Somebody" };
  const { access_token: token, user } = (await request("/auth/register", { method: "POST", json })).as(
    Session,
  );
  return { id: user.id, email, token };
}

/** A guest's address whose only order is over. */
export async function formerGuest(): Promise<string> {
  const email = `${randomUUID()}@guests.example`;
  const { variantId } = await seller.stockVariant(5);
  const placed = await buyer.placeOrder(await buyer.fillCart({ [variantId]: 1 }), { json: { email } });
  await buyer.cancel(placed.as(Order));
  return email;
}

export function newVariant() {
  return { sku: `SKU-${randomUUID()}`, price: 100 };
}
