import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { expect, vi } from "vitest";
import { z } from "zod";
import { newId } from "#core/ids";
import { currentTime } from "#core/time";
import { request, stack } from "../../stack.ts";

/** How somebody shows who they are: an access token, or a guest's headers. */
export type Identity = { token?: string; headers?: Record<string, string> };

export type Order = { id: string; access_token?: string | undefined };

const Ticket = z.object({ ticket: z.string(), expires_at: z.iso.datetime(), url: z.url() });
const Cart = z.object({ quote_hash: z.string(), token: z.string().optional() });
const Placed = z.object({ id: z.string(), access_token: z.string().optional() });

export async function ticketOf(identity: Identity): Promise<z.infer<typeof Ticket>> {
  return (await request("/live/ticket", { method: "POST", ...identity })).as(Ticket);
}

/** Puts a variant with ten units on sale, beside the catalogue's own ways in. Returns its id. */
export async function putOnSale(): Promise<string> {
  const now = currentTime();
  const [product, variant, sku] = [newId("product", now), newId("variant", now), randomUUID()];
  const client = new Client(stack().services.postgres);
  await client.connect();
  try {
    await client.query(
      `with product as (
         insert into products (id, handle, title, status, currency, price_min, price_max)
         values ($1, $3, 'Lamp', 'active', 'USD', 1900, 1900)),
       variant as (
         insert into variants (id, product_id, position, sku, title, price, currency)
         values ($2, $1, 0, $3, 'Lamp', 1900, 'USD'))
       insert into stock_levels (sku, on_hand, held, sold, version) values ($3, 10, 0, 0, 0)`,
      [product, variant, sku],
    );
  } finally {
    await client.end();
  }
  await vi.waitFor(
    async () => {
      const { body } = await request(`/inventory/${sku}`);
      expect(body).toMatchObject({ available: 10 });
    },
    { timeout: 25_000 },
  );
  return variant;
}

export async function placeOrder(variantId: string, identity: Identity): Promise<Order> {
  const added = await request("/cart", {
    method: "POST",
    json: { variant_id: variantId, quantity: 1 },
    ...identity,
  });
  const cart = added.as(Cart);
  const address = { name: "Ada", line1: "1 Main St", city: "Oslo", country: "NO" };
  const placed = await request("/orders", {
    method: "POST",
    json: { quote_hash: cart.quote_hash, email: "ada@customers.example", shipping_address: address },
    ...identity,
    headers: {
      "idempotency-key": randomUUID(),
      ...(cart.token === undefined ? {} : { "cart-token": cart.token }),
    },
  });
  return placed.as(Placed);
}

export async function cancelOrder(order: Order, identity: Identity): Promise<void> {
  const headers = { ...identity.headers, "idempotency-key": randomUUID() };
  const answer = await request(`/orders/${order.id}/cancel`, { method: "POST", ...identity, headers });
  expect(answer).toMatchObject({ status: 200 });
}
