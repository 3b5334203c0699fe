import { randomUUID } from "node:crypto";
import { beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { type Order, createBuyer } from "../../buying.ts";
import { inDatabase } from "../../in-database.ts";
import { createSeller } from "../../selling.ts";
import { adminToken, costOf, registerCustomer, request, stack } from "../../stack.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);
const patience = { timeout: 25_000, interval: 150 };

const Problem = z.object({ code: z.string() });
const Return = z.object({
  id: z.string(),
  status: z.string(),
  requested_by: z.string(),
  lines: z.array(
    z.object({ order_line_id: z.string(), quantity: z.int(), received: z.int(), restocked: z.int() }),
  ),
});
const Refund = z.object({
  amount: z.object({ amount: z.int() }),
  return_id: z.string().nullable(),
  lines: z.array(z.object({ quantity: z.int() })),
});

let token: string;
beforeAll(async () => {
  token = await adminToken();
});

function staff(path: string, json?: unknown, key: string = randomUUID()) {
  return request(path, {
    method: "POST",
    token,
    headers: { "idempotency-key": key },
    ...(json === undefined ? {} : { json }),
  });
}

function ask(order: Order, quantity: number, key: string = randomUUID()) {
  return request(`/orders/${order.id}/returns`, {
    method: "POST",
    json: { reason: "too small", lines: [{ order_line_id: order.lines[0]?.id, quantity }] },
    headers: { "idempotency-key": key, "order-token": order.access_token ?? "" },
  });
}

/** An order of so many units of ten, paid and delivered; `delivered` of them in the parcel. */
async function deliveredOrder(quantity: number, delivered = quantity) {
  const { variantId, sku } = await seller.stockVariant(10, 1000);
  const order = await buyer.order({ [variantId]: quantity });
  await buyer.authorise(order);
  await buyer.confirm(order);
  await vi.waitFor(async () => expect((await buyer.readOrder(order)).status).toBe("paid"), patience);
  const path = `/admin/orders/${order.id}/fulfilments`;
  const lines = [{ order_line_id: order.lines[0]?.id, quantity: delivered }];
  const Packed = z.object({ fulfilments: z.array(z.object({ id: z.string() })) });
  const parcel = (await staff(path, { lines })).as(Packed).fulfilments[0]?.id ?? "";
  await staff(`${path}/${parcel}/ship`, { carrier: "Post", tracking_number: "RR1" });
  await staff(`${path}/${parcel}/deliver`);
  return { order, sku, line: order.lines[0]?.id ?? "" };
}

async function expectAvailable(sku: string, units: number): Promise<void> {
  await vi.waitFor(async () => expect(await seller.available(sku)).toBe(units), patience);
}

test("goods come back in two parcels, the sound ones once on sale again, and the price follows by a refund", async () => {
  const { order, sku, line } = await deliveredOrder(4);
  const requested = await ask(order, 3);
  expect(requested.status).toBe(201);
  expect(costOf(requested).databaseCalls, "claim, order, its returns, one transaction").toBe(4);
  const { id, ...rest } = requested.as(Return);
  expect(rest).toMatchObject({ status: "requested", requested_by: "buyer" });
  const path = `/admin/returns/${id}`;
  expect((await staff(`${path}/receive`, receipt(line, 1, true))).as(Problem).code).toBe(
    "invalid_transition",
  );
  expect((await staff(`${path}/approve`, { note: "Send it to Porto." })).as(Return).status).toBe("approved");
  const key = randomUUID();
  const first = await staff(`${path}/receive`, receipt(line, 1, true), key);
  const again = await staff(`${path}/receive`, receipt(line, 1, true), key);
  expect(again.body).toEqual(first.body);
  expect(again.headers.get("idempotent-replayed")).toBe("true");
  await staff(`${path}/receive`, receipt(line, 1, false));
  expect((await staff(`${path}/receive`, receipt(line, 2, true))).as(Problem).code).toBe(
    "return_exceeds_delivery",
  );
  const closed = (await staff(`${path}/close`)).as(Return);
  expect(closed).toMatchObject({ status: "closed", lines: [{ quantity: 3, received: 2, restocked: 1 }] });
  await expectAvailable(sku, 7);

  const refund = { restock: false, return_id: id };
  const paid = (await staff(`/admin/orders/${order.id}/refunds`, refund)).as(Refund);
  expect(paid).toMatchObject({ amount: { amount: 2000 }, return_id: id, lines: [{ quantity: 2 }] });
  expect((await staff(`/admin/orders/${order.id}/refunds`, refund)).status).toBe(409);

  const history = (await buyer.readHistory(order)).map(({ type }) => type);
  expect(history.filter((type) => type.startsWith("order.return_"))).toEqual([
    "order.return_requested",
    "order.return_approved",
    "order.return_received",
    "order.return_received",
    "order.return_closed",
  ]);
  await expectAvailable(sku, 7);
});

function receipt(line: string, quantity: number, restock: boolean) {
  return { lines: [{ order_line_id: line, quantity, restock }] };
}

test("no more comes back than was delivered, however many ask at once", async () => {
  const { order } = await deliveredOrder(4, 3);
  const answers = await Promise.all(Array.from({ length: 5 }, () => ask(order, 2)));
  const granted = answers.filter((answer) => answer.status === 201);
  expect(granted).toHaveLength(1);
  for (const refused of answers.filter((answer) => answer.status !== 201))
    expect(["conflict", "return_exceeds_delivery"]).toContain(refused.as(Problem).code);
  expect((await ask(order, 2)).as(Problem).code).toBe("return_exceeds_delivery");
  expect((await ask(order, 1)).status).toBe(201);
});

test("a declined return frees its units, and the buyer is told by mail", async () => {
  const { order } = await deliveredOrder(1);
  const email = `${randomUUID()}@customers.example`;
  await inDatabase("update orders set email = $2 where id = $1", [order.id, email]);
  const { id } = (await ask(order, 1)).as(Return);
  expect((await staff(`/admin/returns/${id}/decline`, { note: "It was worn." })).as(Return).status).toBe(
    "declined",
  );
  expect((await staff(`/admin/returns/${id}/approve`, {})).as(Problem).code).toBe("invalid_transition");
  expect((await ask(order, 1)).status).toBe(201);
  const Inbox = z.object({ messages: z.array(z.object({ subject: z.string(), text: z.string() })) });
  await vi.waitFor(async () => {
    const inbox = await fetch(`${services.mail}/messages?to=${encodeURIComponent(email)}`);
    const mails = Inbox.parse(await inbox.json()).messages.filter(({ subject }) =>
      subject.includes("return"),
    );
    expect(mails).toEqual([
      {
        subject: expect.stringContaining("your return is declined"),
        text: expect.stringContaining("It was worn."),
      },
    ]);
  }, patience);
});

test("packed units cannot be restocked by a refund, only by a return", async () => {
  const { order, sku, line } = await deliveredOrder(3, 2);
  const refund = (quantity: number) =>
    staff(`/admin/orders/${order.id}/refunds`, {
      restock: true,
      lines: [{ order_line_id: line, quantity }],
    });
  expect((await refund(2)).as(Problem).code).toBe("invalid_transition");
  expect((await refund(1)).status).toBe(201);
  await expectAvailable(sku, 8);
  const nothingLeft = await staff(`/admin/orders/${order.id}/fulfilments`, {});
  expect(nothingLeft.as(Problem).code).toBe("invalid_transition");
  const ofReturn = await staff(`/admin/orders/${order.id}/refunds`, {
    restock: true,
    return_id: "ret_00000000000000000000000000",
    lines: [{ order_line_id: line, quantity: 1 }],
  });
  expect(ofReturn.as(Problem).code).toBe("invalid_request");
});

test("a buyer asks in time, staff at any time, and strangers never", async () => {
  const { order, line } = await deliveredOrder(2);
  await inDatabase("update fulfilments set delivered_at = now() - interval '31 days' where order_id = $1", [
    order.id,
  ]);
  expect((await ask(order, 1)).as(Problem).code).toBe("return_too_late");
  const json = { reason: "they called", lines: [{ order_line_id: line, quantity: 1 }] };
  const opened = await staff(`/admin/orders/${order.id}/returns`, json);
  expect(opened.as(Return)).toMatchObject({ status: "requested", requested_by: "staff" });

  const customer = await registerCustomer();
  const key = { "idempotency-key": randomUUID() };
  const path = `/orders/${order.id}/returns`;
  expect((await request(path, { method: "POST", json, token: customer.token, headers: key })).status).toBe(
    404,
  );
  expect((await request(path, { token: customer.token })).status).toBe(404);
  const own = await request(path, { headers: { "order-token": order.access_token ?? "" } });
  expect(own.as(z.object({ data: z.array(Return) })).data).toHaveLength(1);
  const approve = `/admin/returns/${opened.as(Return).id}/approve`;
  const asCustomer = { method: "POST", json: {}, token: customer.token, headers: key };
  expect((await request(approve, asCustomer)).status).toBe(403);
});

test("nothing comes back of an order that was not shipped", async () => {
  const { variantId } = await seller.stockVariant(1);
  const order = await buyer.order({ [variantId]: 1 });
  expect((await ask(order, 1)).as(Problem).code).toBe("invalid_transition");
});

test("staff read the returns in pages, newest first, by status", async () => {
  const { order } = await deliveredOrder(3);
  const made: string[] = [];
  for (let count = 0; count < 3; count++) made.unshift((await ask(order, 1)).as(Return).id);
  const Page = z.object({ data: z.array(Return), next_cursor: z.string().nullable() });
  const seen: string[] = [];
  let after = "";
  do {
    const page = (await request(`/admin/returns?status=requested&limit=2${after}`, { token })).as(Page);
    seen.push(...page.data.map(({ id }) => id));
    after = page.next_cursor === null ? "" : `&after=${page.next_cursor}`;
  } while (after !== "" && !made.every((id) => seen.includes(id)));
  expect(seen.filter((id) => made.includes(id))).toEqual(made);
});
