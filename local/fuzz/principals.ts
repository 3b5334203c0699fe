import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type Call, expectAnswer, insist } from "../flash-sale/shop-calls.ts";
import type { Known } from "./examples.ts";

/** One who asks: what each request carries, and things that this one may ask about. */
export type Principal = {
  readonly name: PrincipalName;
  readonly headers: Readonly<Record<string, string>>;
  readonly known: Known;
};

export const principalNames = ["admin", "customer", "guest", "nobody"] as const;
export type PrincipalName = (typeof principalNames)[number];

type Account = { email: string; password: string };
export type FuzzedShop = { api: string; admin: Account };

const address = { name: "Fuzz Buyer", line1: "1 Harbour Road", city: "Porto", country: "PT" };

const Identified = z.object({ id: z.string() });
const Session = z.object({ access_token: z.string(), user: Identified });
const Product = z.object({ id: z.string(), variants: z.tuple([Identified], Identified) });
const Cart = z.object({
  token: z.string().optional(),
  quote_hash: z.string(),
  lines: z.tuple([Identified], Identified),
});
const Order = z.object({
  id: z.string(),
  access_token: z.string().optional(),
  lines: z.tuple([Identified], Identified),
});
const Parcels = z.object({ fulfilments: z.tuple([Identified], Identified) });

type Sold = { productId: string; variantId: string; sku: string };
type Bought = { headers: Record<string, string>; order: z.infer<typeof Order>; cart: z.infer<typeof Cart> };

/** Signs everybody in and gives them something to ask about. */
export function createPrincipals({ api, admin }: FuzzedShop): (name: PrincipalName) => Promise<Principal> {
  const send = async <Output>(path: string, call: Call, expected: [number, z.ZodType<Output>]) =>
    expectAnswer(
      await insist(api + path, {
        method: "POST",
        ...call,
        headers: { "idempotency-key": randomUUID(), ...call.headers },
      }),
      ...expected,
    );

  const signIn = async ({ email, password }: Account) => {
    const session = await send("/auth/login", { json: { email, password } }, [200, Session]);
    return { id: session.user.id, headers: { Authorization: `Bearer ${session.access_token}` } };
  };

  const register = async () => {
    const account = { email: `${randomUUID()}@fuzz.example`, password: randomUUID(), name: "Fuzz Customer" };
    await send("/auth/register", { json: account }, [201, Session]);
    return signIn(account);
  };

  const stock = async (headers: Record<string, string>): Promise<Sold> => {
    const sku = `FUZZ-${randomUUID()}`;
    const json = { title: `Fuzzed ${sku}`, status: "active", variants: [{ sku, price: 1999 }] };
    const { id, variants } = await send("/admin/products", { headers, json }, [201, Product]);
    const receipt = { kind: "receive", quantity: 1_000, reason: "delivery" };
    await send(`/admin/inventory/${sku}/adjustments`, { headers, json: receipt }, [201, z.unknown()]);
    return { productId: id, variantId: variants[0].id, sku };
  };

  /** A cart with something in it, and an order of the same. */
  const buy = async (variantId: string, headers: Record<string, string>): Promise<Bought> => {
    const json = { variant_id: variantId, quantity: 1 };
    const ordered = await send("/cart", { headers, json }, [200, Cart]);
    const withToken = (cart: z.infer<typeof Cart>) =>
      cart.token === undefined ? headers : { ...headers, "cart-token": cart.token };
    const order = await send(
      "/orders",
      {
        headers: withToken(ordered),
        json: { quote_hash: ordered.quote_hash, email: "fuzz@fuzz.example", shipping_address: address },
      },
      [201, Order],
    );
    const cart = await send("/cart", { headers, json }, [200, Cart]);
    const orderToken = order.access_token === undefined ? {} : { "order-token": order.access_token };
    return { headers: { ...withToken(cart), ...orderToken }, order, cart };
  };

  /** Paid by hand, and packed. @returns the parcel's id. */
  const pack = async ({ order, headers }: Bought, staff: Record<string, string>): Promise<string> => {
    const json = { order_id: order.id, provider: "manual" };
    await send("/payment/checkout", { headers, json }, [201, z.unknown()]);
    await send(`/admin/orders/${order.id}/manual-payment`, { headers: staff }, [200, z.unknown()]);
    const packed = await send(`/admin/orders/${order.id}/fulfilments`, { headers: staff, json: {} }, [
      201,
      Parcels,
    ]);
    return packed.fulfilments[0].id;
  };

  return async (name) => {
    const staff = await signIn(admin);
    const sold = await stock(staff.headers);
    const customer = await register();
    const buyer = name === "customer" ? customer.headers : {};
    const bought = await buy(sold.variantId, buyer);
    const parcelId = name === "admin" ? await pack(bought, staff.headers) : undefined;
    const headers = { admin: staff.headers, customer: buyer, guest: bought.headers, nobody: {} }[name];
    return { name, headers, known: knownOf({ sold, bought, customerId: customer.id, parcelId }) };
  };
}

type Things = { sold: Sold; bought: Bought; customerId: string; parcelId: string | undefined };

function knownOf({ sold, bought, customerId, parcelId }: Things): Known {
  const ids = {
    "/products/": sold.productId,
    "/admin/products/": sold.productId,
    "/cart/": bought.cart.lines[0].id,
    "/orders/": bought.order.id,
    "/admin/orders/": bought.order.id,
    "/admin/staff/": customerId,
  };
  return {
    parameters: [
      ...Object.entries(ids).map(([below, value]) => ({ below, name: "id", value })),
      ...(parcelId === undefined ? [] : [{ below: "/", name: "fulfilment_id", value: parcelId }]),
      { below: "/", name: "sku", value: sold.sku },
      { below: "/auth/", name: "provider", value: "local" },
      { below: "/", name: "if-match", value: '"v1"' },
    ],
    members: {
      variant_id: sold.variantId,
      order_id: bought.order.id,
      order_line_id: bought.order.lines[0].id,
      quote_hash: bought.cart.quote_hash,
    },
  };
}
