import { WebSocket as ReconnectingWebSocket } from "partysocket";
import { afterEach, beforeAll, expect, test } from "vitest";
import type { ServerMessage } from "#durable-objects/rooms/messages";
import { inDatabase } from "../../in-database.ts";
import { registerCustomer, request, stack } from "../../stack.ts";
import { type Identity, cancelOrder, placeOrder, putOnSale, ticketOf } from "./buyer.ts";
import { type Listener, listen, readMessage, refusalOf, toldIn } from "./listener.ts";

/** The way of an event: commit, drain, room. */
const soon = { timeout: 25_000, interval: 20 };

let variantId: string;
const closers: (() => void)[] = [];

beforeAll(async () => {
  variantId = await putOnSale();
});

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listening(identity: Identity): Promise<Listener> {
  const listener = await listen(identity);
  closers.push(listener.close);
  return listener;
}

test("both sockets of a buyer hear of an order, and another buyer hears nothing", async () => {
  const [buyer, stranger] = await Promise.all([registerCustomer(), registerCustomer()]);
  const [first, second, other] = await Promise.all([listening(buyer), listening(buyer), listening(stranger)]);
  const order = await placeOrder(variantId, { token: buyer.token });
  await expect.poll(first.told, soon).toEqual([`order.placed of ${order.id}`]);
  await expect.poll(second.told, soon).toEqual([`order.placed of ${order.id}`]);
  expect(first.heard[1]).toMatchObject({
    data: { order_id: order.id, sequence: 1, status: "pending_payment" },
  });
  expect(other.heard.map(({ type }) => type)).toEqual(["hello"]);
});

test("a guest hears of the order whose token they hold", async () => {
  const order = await placeOrder(variantId, {});
  const guest = { headers: { "order-token": order.access_token ?? "" } };
  const listener = await listening(guest);
  await cancelOrder(order, guest);
  await expect.poll(() => listener.told().at(-1), soon).toBe(`order.cancelled of ${order.id}`);
});

test("what nobody follows yet has no room, and is told from the first ticket on", async () => {
  const order = await placeOrder(variantId, {});
  const delivered = `select 1 from outbox where subject = $1 and type = 'order.placed' and delivered_at is not null`;
  await expect.poll(() => inDatabase(delivered, [order.id]), soon).toHaveLength(1);
  const guest = { headers: { "order-token": order.access_token ?? "" } };
  const listener = await listening(guest);
  // The room's stream begins with this listener.
  expect(listener.heard).toMatchObject([{ type: "hello", cursor: expect.stringMatching(/\.0$/) }]);
  await cancelOrder(order, guest);
  await expect.poll(listener.told, soon).toEqual([`order.cancelled of ${order.id}`]);
});

test("a reconnecting client hears what it missed, once and in order", async () => {
  const { token } = await registerCustomer();
  const heard: ServerMessage[] = [];
  const urlWithCursor = async () => {
    const cursor = heard.flatMap((message) => ("cursor" in message ? [message.cursor] : [])).at(-1);
    const { url } = await ticketOf({ token });
    return cursor === undefined ? url : `${url}&after=${cursor}`;
  };
  const socket = new ReconnectingWebSocket(urlWithCursor, [], { minReconnectionDelay: 10 });
  closers.push(() => socket.close());
  socket.addEventListener("message", ({ data }) => heard.push(readMessage(String(data))));
  await expect.poll(() => heard.length, soon).toBe(1);

  const first = await placeOrder(variantId, { token });
  await expect.poll(() => toldIn(heard), soon).toEqual([`order.placed of ${first.id}`]);
  socket.close();
  await cancelOrder(first, { token });
  const second = await placeOrder(variantId, { token });
  const witness = await listening({ token });
  await cancelOrder(second, { token });
  await expect.poll(witness.told, soon).toContain(`order.cancelled of ${second.id}`);
  socket.reconnect();
  await expect
    .poll(() => toldIn(heard), soon)
    .toEqual([
      `order.placed of ${first.id}`,
      `order.cancelled of ${first.id}`,
      `order.placed of ${second.id}`,
      `order.cancelled of ${second.id}`,
    ]);
});

test("the event stream tells the same and goes on after Last-Event-ID", async () => {
  const { token } = await registerCustomer();
  const order = await placeOrder(variantId, { token });
  const start = await listening({ token });
  await cancelOrder(order, { token });
  await expect.poll(() => start.told().at(-1), soon).toBe(`order.cancelled of ${order.id}`);
  const hello = start.heard[0];
  const lastEventId = hello !== undefined && "cursor" in hello ? hello.cursor : "";

  const { ticket } = await ticketOf({ token });
  const abort = new AbortController();
  const answer = await fetch(`${stack().api}/live/sse?ticket=${ticket}`, {
    headers: { "last-event-id": lastEventId },
    signal: abort.signal,
  });
  expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("order.cancelled")) text += (await reader?.read())?.value ?? "";
  abort.abort();
  expect(text).toContain(`id: ${lastEventId}\ndata: {"type":"hello"`);
});

test("a forged, a used and a foreign ticket are refused before the upgrade", async () => {
  const { token } = await registerCustomer();
  const { url, ticket } = await ticketOf({ token });
  const forged = url.replace(ticket, `${ticket.slice(0, -4)}AAAA`);
  expect(await refusalOf(forged)).toEqual({ status: 401, code: "invalid_token" });
  expect(await refusalOf(url.replace(ticket, token))).toEqual({ status: 401, code: "invalid_token" });

  const used = await listening({ token });
  expect(used.heard).toHaveLength(1);
  const once = await ticketOf({ token });
  await (await fetch(`${stack().api}/live/sse?ticket=${once.ticket}`)).body?.cancel();
  expect(await refusalOf(once.url)).toEqual({ status: 401, code: "invalid_token" });
});

test("pages of unknown origins may not listen, and keep their ticket", async () => {
  const { token } = await registerCustomer();
  const { url } = await ticketOf({ token });
  expect(await refusalOf(url, "https://elsewhere.example")).toEqual({ status: 403, code: "forbidden" });
  expect(await refusalOf(`${url}&after=nonsense`)).toEqual({ status: 400, code: "invalid_request" });
});

test("a plain GET of the WebSocket's path is told to upgrade", async () => {
  const { ticket } = await ticketOf(await registerCustomer());
  const answer = await request(`/live?ticket=${ticket}`);
  expect(answer).toMatchObject({ status: 426, body: { code: "upgrade_required" } });
});

test("a ticket needs somebody to be for", async () => {
  expect(await request("/live/ticket", { method: "POST" })).toMatchObject({ status: 401 });
  const forged = { "order-token": "bm9ib2R5.AAAA" };
  expect(await request("/live/ticket", { method: "POST", headers: forged })).toMatchObject({
    status: 401,
    body: { code: "invalid_token" },
  });
});
