import { randomUUID } from "node:crypto";
import { decodeJwt } from "jose";
import { beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { address, createBuyer, Order } from "../../buying.ts";
import { createSeller } from "../../selling.ts";
import { type Call, type Customer } from "../../shop-client.ts";
import { adminToken, registerCustomer, request, stack } from "../../stack.ts";
import { inDatabase } from "../../in-database.ts";
import { mailTo } from "../auth/mailbox.ts";

const { api, services } = stack();
const buyer = createBuyer({ api, stripe: services.stripe });
const seller = createSeller(api);

const Page = z.object({
  data: z.array(z.object({ id: z.string(), email: z.string(), disabled: z.boolean() })),
  next_cursor: z.string().nullable(),
});

let admin: string;
beforeAll(async () => {
  admin = await adminToken();
});

const staff = (path: string, call: Call = {}) =>
  request(`/admin/customers${path}`, { token: admin, ...call });

async function found(query: string) {
  return (await staff(`?${query}`)).as(Page);
}

function logIn({ email, password }: Customer) {
  return request("/auth/login", { method: "POST", json: { email, password } });
}

/** Customers whose addresses begin alike, the newest first. */
async function namesakes(count: number) {
  const beginning = `Kin-${randomUUID()}`;
  const ids = [];
  for (let number = 1; number <= count; number++) {
    const json = { email: `${beginning}-${number}@kin.example`, password: randomUUID(), name: "Kin" };
    const answer = await request("/auth/register", { method: "POST", json });
    ids.unshift(answer.as(z.object({ user: z.object({ id: z.string() }) })).user.id);
  }
  return { beginning, ids };
}

test("customers are found by how their address begins, page by page, the newest first", async () => {
  const { beginning, ids } = await namesakes(3);
  const query = `email=${beginning.toLowerCase()}&limit=2`;
  const first = await found(query);
  expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
  const second = await found(`${query}&after=${first.next_cursor ?? ""}`);
  expect(second).toMatchObject({ data: [{ id: ids[2] }], next_cursor: null });
  const other = await staff(`?email=other&after=${first.next_cursor ?? ""}`);
  expect(other).toMatchObject({ status: 400, body: { code: "invalid_cursor" } });
});

test("what looks like a wildcard is none, and the staff is not among the customers", async () => {
  const { beginning } = await namesakes(1);
  expect((await found(`email=${beginning.replace("Kin", "%25")}`)).data).toEqual([]);
  expect((await found(`email=${beginning.replace("Kin", "K_n")}`)).data).toEqual([]);
  expect((await found("email=admin@")).data).toEqual([]);
});

test("the list is narrowed by proof of the address, by standing and by time", async () => {
  const { beginning, ids } = await namesakes(2);
  const [proven = "", other = ""] = ids;
  // By less than a day, since an id tells of the day in which it was made.
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
  await inDatabase("update users set email_verified_at = now(), created_at = $2 where id = $1", [
    proven,
    hoursAgo(12),
  ]);
  await staff(`/${other}/disable`, { method: "POST" });
  const idsOf = async (filter: string) =>
    (await found(`email=${beginning}&${filter}`)).data.map(({ id }) => id);
  expect(await idsOf("email_verified=true")).toEqual([proven]);
  expect(await idsOf("email_verified=false")).toEqual([other]);
  expect(await idsOf("disabled=true")).toEqual([other]);
  expect(await idsOf(`created_before=${hoursAgo(6)}`)).toEqual([proven]);
  expect(await idsOf(`created_from=${hoursAgo(6)}`)).toEqual([other]);
  expect(await idsOf("created_from=0000-01-01T00:00:00Z")).toEqual(await idsOf(""));
});

test("a customer is shown with addresses, ways to sign in and the last order, and the orders are listed", async () => {
  const customer = await registerCustomer();
  await request("/customers/me/addresses", { method: "POST", token: customer.token, json: { address } });
  const tent = await seller.stockVariant(5, 700);
  const cart = await buyer.fillCart({ [tent.variantId]: 2 }, customer.token);
  const order = (await buyer.placeOrder(cart, { token: customer.token })).as(Order);
  const shown = await staff(`/${customer.id}`);
  expect(shown.body).toMatchObject({
    id: customer.id,
    email: customer.email,
    email_verified: false,
    disabled: false,
    sign_in: { password: true, authenticator_app: false, passkeys: 0, providers: [] },
    sessions: 1,
    addresses: [{ address }],
    orders: { count: 1, last: { id: order.id, total: { amount: 1400, currency: "USD" } } },
  });
  const listed = await request(`/admin/orders?customer_id=${customer.id}`, { token: admin });
  expect(listed.body).toMatchObject({ data: [{ id: order.id }], has_more: false });
});

test("a guest's orders are found by their address", async () => {
  const email = `${randomUUID()}@guests.example`;
  const tent = await seller.stockVariant(5);
  const order = (
    await buyer.placeOrder(await buyer.fillCart({ [tent.variantId]: 1 }), { json: { email } })
  ).as(Order);
  const listed = await request(`/admin/orders?guest_email=${email.toUpperCase()}`, { token: admin });
  expect(listed.body).toMatchObject({ data: [{ id: order.id }], has_more: false });
});

test("each look at customers is written into the audit log, without what was looked for", async () => {
  const { id, email } = await registerCustomer();
  const requestId = randomUUID();
  const headers = { "request-id": requestId };
  await staff(`/${id}`, { headers });
  await staff(`?email=${email}`, { headers });
  const entries = await inDatabase("select content from audit_entries where strpos(content, $1) > 0", [
    requestId,
  ]);
  const looks = z
    .array(z.object({ content: z.string() }))
    .parse(entries)
    .map(({ content }) => content);
  const acts = looks.filter((content) => content.includes('"kind":"act"'));
  expect(acts).toHaveLength(2);
  expect(acts.filter((content) => content.includes(id))).toHaveLength(1);
  expect(looks.join("")).not.toContain(email);
});

test("staff signs a customer out everywhere, and mails the way to a new password", async () => {
  const customer = await registerCustomer();
  expect((await staff(`/${customer.id}/sessions`, { method: "DELETE" })).status).toBe(204);
  expect((await request("/auth/profile", { token: customer.token })).status).toBe(401);
  const sent = await staff(`/${customer.id}/password-reset`, { method: "POST" });
  expect(sent).toMatchObject({ status: 202, body: {} });
  await mailTo(customer.email, "choose a new password");
  expect((await logIn(customer)).status).toBe(200);
});

test("nobody signs in to a disabled account until it is enabled", async () => {
  const customer = await registerCustomer();
  const disabled = await staff(`/${customer.id}/disable`, { method: "POST" });
  expect(disabled.body).toMatchObject({ disabled: true, sessions: 0 });
  expect((await request("/auth/profile", { token: customer.token })).status).toBe(401);
  expect(await logIn(customer)).toMatchObject({ status: 403, body: { code: "account_disabled" } });
  expect(await logIn({ ...customer, password: "wrong" })).toMatchObject({ status: 401 });
  expect((await staff(`/${customer.id}/enable`, { method: "POST" })).body).toMatchObject({ disabled: false });
  expect((await logIn(customer)).status).toBe(200);
});

test("of sign-ins and a disabling at once, no session is left", async () => {
  const customer = await registerCustomer();
  const answers = await Promise.all([
    ...Array.from({ length: 4 }, () => logIn(customer)),
    staff(`/${customer.id}/disable`, { method: "POST" }),
    ...Array.from({ length: 4 }, () => logIn(customer)),
  ]);
  expect(answers.every(({ status }) => [200, 403].includes(status))).toBe(true);
  expect((await staff(`/${customer.id}`)).body).toMatchObject({ disabled: true, sessions: 0 });
});

test("a customer who asks the staff is erased, after a recent proof; staff itself is no customer", async () => {
  const customer = await registerCustomer();
  const erased = await staff(`/${customer.id}`, { method: "DELETE" });
  expect(erased).toMatchObject({ status: 200, body: { orders: 0 } });
  expect((await staff(`/${customer.id}`)).status).toBe(404);
  const adminId = decodeJwt(admin).sub ?? "";
  for (const [path, method] of [
    ["", "GET"],
    ["", "DELETE"],
    ["/sessions", "DELETE"],
    ["/disable", "POST"],
    ["/password-reset", "POST"],
  ] as const)
    expect((await staff(`/${adminId}${path}`, { method })).status).toBe(404);
});
