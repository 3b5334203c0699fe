import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { z } from "zod";
import { serviceNames } from "#local/stack-plan";
import { Attempt, type Order, createBuyer } from "../buying.ts";
import { type OwnStack, startOwnStack } from "../own-stack.ts";
import { type ShopClient, createShopClient } from "../shop-client.ts";

const patience = { timeout: 60_000, interval: 200 };

let stack: OwnStack;
let shop: ShopClient;
let buyer: ReturnType<typeof createBuyer>;

beforeAll(async () => {
  stack = await startOwnStack();
  const { api, services } = stack.addresses;
  shop = createShopClient(api);
  buyer = createBuyer({ api, stripe: services.stripe });
});

afterAll(() => stack.end());

const Product = z.object({
  id: z.string(),
  title: z.string(),
  variants: z.array(z.object({ id: z.string(), sku: z.string(), available: z.int().nullable() })),
});
const Report = z.object({ created: z.int(), updated: z.int(), unchanged: z.int(), refused: z.int() });

async function importDemoCatalogue(): Promise<z.infer<typeof Report>> {
  const response = await fetch(`${stack.addresses.api}/admin/products/import`, {
    method: "POST",
    headers: { authorization: `Bearer ${await shop.adminToken()}`, "content-type": "text/csv" },
    body: await readFile("local/demo/catalogue.csv"),
  });
  return Report.parse(await response.json());
}

async function search(query: string): Promise<z.infer<typeof Product>[]> {
  const answer = await shop.request(`/search?q=${encodeURIComponent(query)}`);
  return answer.as(z.object({ data: z.array(Product) })).data;
}

async function available(sku: string): Promise<number> {
  return (await shop.request(`/inventory/${sku}`)).as(z.object({ available: z.int() })).available;
}

/** The first variant of the first hit that has at least three units. */
async function findSomethingToBuy(query: string): Promise<{ variantId: string; sku: string; units: number }> {
  return vi.waitFor(async () => {
    const variants = (await search(query)).flatMap((product) => product.variants);
    const variant = variants.find((each) => (each.available ?? 0) >= 3);
    if (variant === undefined) throw new Error(`nothing to buy for ${query}`);
    return { variantId: variant.id, sku: variant.sku, units: await available(variant.sku) };
  }, patience);
}

/** Opens the buyer's socket and collects the types of what it hears. */
async function listen(order: Order): Promise<{ heard: string[]; close: () => void }> {
  const headers = { "order-token": order.access_token ?? "" };
  const ticket = await shop.request("/live/ticket", { method: "POST", headers, json: {} });
  const socket = new WebSocket(ticket.as(z.object({ url: z.string() })).url);
  const heard: string[] = [];
  socket.on("message", (data: Buffer) => {
    heard.push(z.object({ type: z.string() }).parse(JSON.parse(data.toString())).type);
  });
  await vi.waitFor(() => expect(heard).toContain("hello"), patience);
  return { heard, close: () => socket.terminate() };
}

test("the demo catalogue is imported, and a second time changes nothing", async () => {
  const first = await importDemoCatalogue();
  expect(first.created).toBeGreaterThanOrEqual(60);
  expect(first.refused).toBe(0);
  expect(await importDemoCatalogue()).toEqual({
    created: 0,
    updated: 0,
    unchanged: first.created,
    refused: 0,
  });
});

test("a buyer finds, orders and pays, hears of it on the socket, and the stock is down by exactly that", async () => {
  const found = await findSomethingToBuy("rain jacket");
  const order = await buyer.order({ [found.variantId]: 2 });
  const live = await listen(order);
  await buyer.authorise(order);
  await vi.waitFor(() => expect(live.heard).toContain("order.paid"), patience);
  live.close();
  expect(await buyer.readOrder(order)).toMatchObject({ status: "paid", payment: { status: "captured" } });
  await vi.waitFor(async () => expect(await available(found.sku)).toBe(found.units - 2), patience);
});

test("after everything was killed between payment and webhook, the order is paid by itself and sold once", async () => {
  const found = await findSomethingToBuy("tent");
  const order = await buyer.order({ [found.variantId]: 1 });
  const attempt = (await buyer.startPayment(order)).as(Attempt);
  await stack.kill("worker", "SIGKILL");
  await buyer.payWith(attempt);
  await Promise.all(serviceNames.map((name) => stack.kill(name, "SIGKILL")));

  await Promise.all(serviceNames.map((name) => stack.restart(name)));
  await stack.restart("worker");
  const live = await listen(order);
  await vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe("paid"), patience);
  await vi.waitFor(async () => expect(await available(found.sku)).toBe(found.units - 1), patience);
  live.close();
  const history = await buyer.readHistory(order);
  expect(history.map(({ type }) => type)).toEqual(["order.placed", "order.authorised", "order.paid"]);
});

test("after the kill the shop goes on selling", async () => {
  const found = await findSomethingToBuy("lantern");
  const order = await buyer.order({ [found.variantId]: 1 });
  await buyer.authorise(order);
  await vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe("paid"), patience);
});
