import { beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { createBuyer, Order } from "../../buying.ts";
import { createSeller } from "../../selling.ts";
import { adminToken, registerCustomer, request, stack } from "../../stack.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);
const Problem = z.object({ code: z.string() });

let token: string;
beforeAll(async () => {
  token = await adminToken();
});

async function paidOrder(quantity: number): Promise<Order> {
  const variant = await seller.stockVariant(quantity);
  const order = await buyer.order({ [variant.variantId]: quantity });
  await buyer.authorise(order);
  await buyer.confirm(order);
  await vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe("paid"), 25_000);
  return order;
}

function asStaff(path: string, json?: unknown) {
  return request(path, { method: "POST", token, ...(json === undefined ? {} : { json }) });
}

const tracking = { carrier: "Post", tracking_number: "RR123", tracking_url: "https://track.example/RR123" };

test("an order in two parcels is shipped when the last is, and delivered when the last has arrived", async () => {
  const order = await paidOrder(3);
  const path = `/admin/orders/${order.id}/fulfilments`;
  const line = order.lines[0]?.id ?? "";
  const packed = await asStaff(path, { lines: [{ order_line_id: line, quantity: 1 }] });
  expect(packed.status).toBe(201);
  const first = packed.as(Order).fulfilments[0]?.id ?? "";
  expect((await asStaff(`${path}/${first}/ship`, tracking)).as(Order).status).toBe("fulfilling");
  const second = (await asStaff(path, {})).as(Order).fulfilments[1]?.id ?? "";
  expect((await asStaff(`${path}/${second}/ship`, tracking)).as(Order).status).toBe("shipped");
  expect((await asStaff(`${path}/${first}/deliver`)).as(Order).status).toBe("shipped");
  expect((await asStaff(`${path}/${second}/deliver`)).as(Order).status).toBe("delivered");
  const history = await buyer.readHistory(order);
  expect(history.map(({ sequence }) => sequence)).toEqual(history.map((_, index) => index + 1));
  expect(history.map(({ type }) => type).slice(3)).toEqual([
    "order.fulfilling",
    "order.shipped",
    "order.fulfilling",
    "order.shipped",
    "order.delivered",
    "order.delivered",
  ]);
});

test("no more is packed than was ordered, and no parcel is shipped twice", async () => {
  const order = await paidOrder(2);
  const path = `/admin/orders/${order.id}/fulfilments`;
  const line = order.lines[0]?.id ?? "";
  const tooMany = await asStaff(path, { lines: [{ order_line_id: line, quantity: 3 }] });
  expect(tooMany.as(Problem).code).toBe("invalid_request");
  const parcel = (await asStaff(path, {})).as(Order).fulfilments[0]?.id ?? "";
  expect((await asStaff(path, {})).as(Problem).code).toBe("invalid_transition");
  const twice = await Promise.all([
    asStaff(`${path}/${parcel}/ship`, tracking),
    asStaff(`${path}/${parcel}/ship`, tracking),
  ]);
  expect(new Set(twice.map((answer) => answer.status))).toEqual(new Set([200, 409]));
});

test("a parcel that is taken apart frees its units, and the order's status follows", async () => {
  const order = await paidOrder(2);
  const path = `/admin/orders/${order.id}/fulfilments`;
  const line = order.lines[0]?.id ?? "";
  const one = { lines: [{ order_line_id: line, quantity: 1 }] };
  const first = (await asStaff(path, one)).as(Order).fulfilments[0]?.id ?? "";
  expect((await asStaff(`${path}/${first}/cancel`)).as(Order).status).toBe("paid");
  expect((await asStaff(`${path}/${first}/ship`, tracking)).as(Problem).code).toBe("invalid_transition");
  const second = (await asStaff(path, one)).as(Order).fulfilments[1]?.id ?? "";
  const third = (await asStaff(path, {})).as(Order).fulfilments[2]?.id ?? "";
  await asStaff(`${path}/${second}/ship`, tracking);
  expect((await asStaff(`${path}/${second}/cancel`)).as(Problem).code).toBe("invalid_transition");
  expect((await asStaff(`${path}/${third}/cancel`)).as(Order).status).toBe("fulfilling");
  const fourth = (await asStaff(path, {})).as(Order).fulfilments[3]?.id ?? "";
  expect((await asStaff(`${path}/${fourth}/ship`, tracking)).as(Order).status).toBe("shipped");
});

test("packers who pack at once never pack a unit twice", async () => {
  const order = await paidOrder(3);
  const path = `/admin/orders/${order.id}/fulfilments`;
  const two = { lines: [{ order_line_id: order.lines[0]?.id, quantity: 2 }] };
  const answers = await Promise.all(Array.from({ length: 4 }, () => asStaff(path, two)));
  expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
});

test("an order that is not paid cannot be packed", async () => {
  const variant = await seller.stockVariant(1);
  const order = await buyer.order({ [variant.variantId]: 1 });
  const refused = await asStaff(`/admin/orders/${order.id}/fulfilments`, {});
  expect(refused.status).toBe(409);
  expect(refused.as(Problem).code).toBe("invalid_transition");
});

test("customers and guests cannot reach what staff do", async () => {
  const variant = await seller.stockVariant(1);
  const order = await buyer.order({ [variant.variantId]: 1 });
  const customer = await registerCustomer();
  const path = `/admin/orders/${order.id}/fulfilments`;
  expect((await request(path, { method: "POST", json: {}, token: customer.token })).status).toBe(403);
  expect((await request(path, { method: "POST", json: {} })).status).toBe(401);
});

test("staff cancels an order of somebody else that is not paid, and says so in its history", async () => {
  const { variantId } = await seller.stockVariant(1);
  const order = await buyer.order({ [variantId]: 1 });
  const cancelled = await asStaff(`/admin/orders/${order.id}/cancel`);
  expect(cancelled.as(Order).status).toBe("cancelled");
  expect((await request(`/orders/${order.id}`, { token })).status).toBe(404);
  expect((await buyer.readHistory(order)).at(-1)?.type).toBe("order.cancelled");
});
