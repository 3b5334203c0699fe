import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Answer, type Connection, openConnection } from "./connection.ts";
import type { Assortment } from "./fill-shop.ts";
import type { Performer } from "./load.ts";

/** A cart is left after so many additions, as a buyer leaves it. */
const ADDITIONS_PER_CART = 20;
const TYPED_CHARACTERS_MAX = 8;
const PAID_POLL_MS = 25;
const PAID_POLLS_MAX = 1_200;

const QUERIES = [
  ..."rain jacket,rain jackt,hiking boots,tent,two person tent,sleeping bag,wool sweater,fleece".split(","),
  ..."coffee grinder,desk lamp,waterproof,trainers,rucksack,steel bottle,headlmap,blanket".split(","),
];
const SORTS = ["newest", "price", "-price", "title"];

const Cart = z.object({ quote_hash: z.string() });
const Order = z.object({ id: z.string(), access_token: z.string() });
const OrderState = z.object({ status: z.string() });
const Attempt = z.object({ client_secret: z.string(), publishable_key: z.string() });

const ADDRESS = { name: "Bench Buyer", line1: "1 Harbour Road", city: "Porto", country: "PT" };

/** The operation that is a chain of calls to services, and is told beside as many bare ones. */
export const CHAIN = "checkout by bank transfer";

export type Operation = {
  name: string;
  performer: Performer;
  /** Done once before each measurement, so that what is asked for again and again is not asked for the first time. */
  prepare?: (connection: Connection) => Promise<void>;
  /** Whether it is one read, which is told as a share of the ceiling. */
  reads: boolean;
  /** Of an operation that is a write of one object: after how many of them another object is written. */
  writesPerObject?: number;
};
type Place = { assortment: Assortment; stripe: string };

/** What is measured, from the cheapest to the dearest. */
export function operationsOf(place: Place): Operation[] {
  const { popular, variantIds, categories, productPaths } = place.assortment;
  return [
    readOperation("list", () => "/products?limit=24"),
    readOperation(
      "filtered list",
      () => `/products?limit=24&in_stock=true&category=${oneOf(categories)}&sort=${oneOf(SORTS)}`,
    ),
    {
      ...readOperation("product", () => `/products/${oneOf(popular.productIds)}`),
      prepare: (connection) => readEach(connection, popular.productIds),
    },
    readOperation("first look at a product", inTurn(productPaths)),
    readOperation("search", () => `/search?q=${encodeURIComponent(oneOf(QUERIES))}&facets=brand,category`),
    readOperation("suggest", () => `/search/suggest?q=${encodeURIComponent(beginningOf(oneOf(QUERIES)))}`),
    {
      name: "add to cart",
      reads: false,
      performer: addingToCarts(() => oneOf(popular.variantIds)),
      prepare: (connection) => addEach(connection, popular.variantIds),
      writesPerObject: ADDITIONS_PER_CART,
    },
    {
      name: "first look added to cart",
      reads: false,
      performer: addingToCarts(inTurn(variantIds)),
      writesPerObject: ADDITIONS_PER_CART,
    },
    {
      name: CHAIN,
      reads: false,
      performer: (connection) => () => checkOutManually(connection, place),
    },
    {
      name: "checkout by Stripe",
      reads: false,
      performer: (connection) => () => checkOutWithStripe(connection, place),
    },
  ];
}

/** Those whose name begins with one of the words; all when there are none. */
export function operationsNamed(
  operations: readonly Operation[],
  words: readonly string[],
): readonly Operation[] {
  const found = operations.filter(({ name }) => isChosen(name, words));
  if (found.length === 0)
    throw new Error(
      `No operation begins with ${words.join(" or ")}; there are ${operations.map(({ name }) => name).join(", ")}.`,
    );
  return found;
}

export function isChosen(name: string, words: readonly string[]): boolean {
  return words.length === 0 || words.some((word) => name.startsWith(word));
}

/** Before an operation is measured: once, however many connections are to come. */
export async function prepare(operation: Operation, origin: string): Promise<void> {
  const connection = openConnection(origin);
  try {
    await operation.prepare?.(connection);
  } finally {
    await connection.close();
  }
}

function readOperation(name: string, path: () => string): Operation {
  const performer: Performer = (connection) => async () => {
    await connection.send({ method: "GET", path: path() });
  };
  return { name, reads: true, performer };
}

async function readEach(connection: Connection, productIds: readonly string[]): Promise<void> {
  for (const id of productIds) await connection.send({ method: "GET", path: `/products/${id}` });
}

/** What somebody has typed of it so far. */
function beginningOf(query: string): string {
  return query.slice(0, 1 + Math.floor(Math.random() * Math.min(query.length, TYPED_CHARACTERS_MAX)));
}

function addingToCarts(variantId: () => string): Performer {
  return (connection) => {
    let additions = 0;
    let token: string | undefined;
    return async () => {
      if (additions % ADDITIONS_PER_CART === 0) token = undefined;
      additions += 1;
      const answer = await addToCart(connection, variantId(), token);
      token ??= cartTokenOf(answer);
    };
  };
}

async function addEach(connection: Connection, variantIds: readonly string[]): Promise<void> {
  const add = addingToCarts(inTurn(variantIds))(connection);
  for (const _ of variantIds) await add();
}

function addToCart(connection: Connection, variantId: string, token?: string): Promise<Answer> {
  return connection.send({
    method: "POST",
    path: "/cart",
    json: { variant_id: variantId, quantity: 1 },
    headers: token === undefined ? {} : { "cart-token": token },
  });
}

/** A buyer who promises to pay, and staff who receive the money. */
async function checkOutManually(connection: Connection, place: Place): Promise<void> {
  const order = await placeOrder(connection, place);
  await startPayment(connection, order, "manual");
  const paid = await connection.send({
    method: "POST",
    path: `/admin/orders/${order.id}/manual-payment`,
    headers: { authorization: `Bearer ${place.assortment.adminToken}` },
  });
  const { status } = paid.as(OrderState);
  if (status !== "paid") throw new Error(`${order.id} is ${status} after its manual payment.`);
}

/** A buyer who pays by card, and looks again and again until webhook and queue have made the order paid. */
async function checkOutWithStripe(connection: Connection, place: Place): Promise<void> {
  const order = await placeOrder(connection, place);
  const attempt = (await startPayment(connection, order, "stripe")).as(Attempt);
  await payByCard(place.stripe, attempt);
  for (let polls = 0; polls < PAID_POLLS_MAX; polls += 1) {
    const read = { method: "GET", path: `/orders/${order.id}`, headers: orderHeaders(order) } as const;
    const { status } = (await connection.send(read)).as(OrderState);
    if (status === "paid") return;
    await sleep(PAID_POLL_MS);
  }
  throw new Error(`${order.id} was not paid after ${PAID_POLLS_MAX} looks.`);
}

async function placeOrder(connection: Connection, place: Place): Promise<z.infer<typeof Order>> {
  const cart = await addToCart(connection, oneOf(place.assortment.variantIds));
  const answer = await connection.send({
    method: "POST",
    path: "/orders",
    json: { quote_hash: cart.as(Cart).quote_hash, email: "buyer@example.com", shipping_address: ADDRESS },
    headers: { "cart-token": cartTokenOf(cart), "idempotency-key": randomUUID() },
  });
  return answer.as(Order);
}

function startPayment(
  connection: Connection,
  order: z.infer<typeof Order>,
  provider: string,
): Promise<Answer> {
  return connection.send({
    method: "POST",
    path: "/payment/checkout",
    json: { order_id: order.id, provider },
    headers: { ...orderHeaders(order), "idempotency-key": randomUUID() },
  });
}

/** Confirms the payment intent as Stripe's own client in the buyer's browser does. */
async function payByCard(stripe: string, attempt: z.infer<typeof Attempt>): Promise<void> {
  const intentId = attempt.client_secret.split("_secret")[0];
  const response = await fetch(`${stripe}/v1/payment_intents/${intentId}/confirm`, {
    method: "POST",
    headers: { authorization: `Bearer ${attempt.publishable_key}` },
    body: new URLSearchParams({
      payment_method: "pm_card_visa",
      client_secret: attempt.client_secret,
      return_url: "https://shop.example/thanks",
    }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the Stripe simulator answered ${response.status}: ${text}`);
}

function orderHeaders(order: z.infer<typeof Order>): Record<string, string> {
  return { "order-token": order.access_token };
}

function cartTokenOf({ headers }: Answer): string {
  return z.string().parse(headers["cart-token"]);
}

function oneOf<Item>(items: readonly Item[]): Item {
  return at(items, Math.floor(Math.random() * items.length));
}

function inTurn<Item>(items: readonly Item[]): () => Item {
  let taken = 0;
  return () => at(items, taken++ % items.length);
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError("The shop has nothing to choose from.");
  return item;
}
