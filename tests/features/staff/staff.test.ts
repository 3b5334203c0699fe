import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { inDatabase } from "../../in-database.ts";
import { type Answer, adminToken, costOf, registerCustomer, request } from "../../stack.ts";
import { Member, Role, createRole, hire, logIn } from "./hiring.ts";

let admin: string;
beforeAll(async () => {
  admin = await adminToken();
});

function patch(path: string, json: unknown, call: { version: number; token?: string }): Promise<Answer> {
  return request(path, {
    method: "PATCH",
    token: call.token ?? admin,
    json,
    headers: { "if-match": `"v${call.version}"`, "content-type": "application/merge-patch+json" },
  });
}

function dismiss(member: Member, token = admin): Promise<Answer> {
  return request(`/admin/staff/${member.id}`, {
    method: "DELETE",
    token,
    headers: { "if-match": `"v${member.version}"` },
  });
}

test("the shop comes with roles that cannot be changed", async () => {
  const answer = await request("/admin/roles", { token: admin });
  const { data } = answer.as(z.object({ data: z.array(Role.extend({ name: z.string() })) }));
  const names = data.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["Catalogue manager", "Fulfilment", "Support", "Finance"]));
  const { id = "", version = 0 } = data[0] ?? {};
  expect((await patch(`/admin/roles/${id}`, { permissions: [] }, { version })).body).toMatchObject({
    code: "role_built_in",
  });
});

test("staff may do what its roles say and nothing else, and customers are asked nothing of the database", async () => {
  const staff = await hire("orders:read");
  expect((await request("/admin/orders", { token: staff.token })).status).toBe(200);
  const refused = await request("/admin/dead-letters", { token: staff.token });
  expect(refused).toMatchObject({ status: 403, body: { code: "forbidden" } });
  const { token } = await registerCustomer();
  const forCustomer = await request("/admin/orders", { token });
  expect(forCustomer.status).toBe(403);
  expect(costOf(forCustomer).databaseCalls).toBe(0);
});

describe("power ends at once", () => {
  test("when a role loses a permission", async () => {
    const staff = await hire("orders:read", "payments:read");
    await patch(`/admin/roles/${staff.roleId}`, { permissions: ["payments:read"] }, { version: 1 });
    expect((await request("/admin/orders", { token: staff.token })).status).toBe(403);
    expect((await request("/admin/disputes", { token: staff.token })).status).toBe(200);
  });

  test("when a member is suspended, and comes back when that is taken back", async () => {
    const staff = await hire("orders:read");
    const path = `/admin/staff/${staff.id}`;
    const suspended = await patch(path, { suspended: true }, staff.member);
    expect((await request("/admin/orders", { token: staff.token })).status).toBe(403);
    await patch(path, { suspended: false }, suspended.as(Member));
    expect((await request("/admin/orders", { token: staff.token })).status).toBe(200);
  });

  test("when a member is dismissed, who stays a customer", async () => {
    const staff = await hire("orders:read");
    expect((await dismiss(staff.member)).status).toBe(204);
    expect((await request("/admin/orders", { token: staff.token })).status).toBe(403);
    expect((await request("/orders", { token: staff.token })).status).toBe(200);
  });

  test("when an admin is demoted, or signs out", async () => {
    const staff = await hire("orders:read");
    const promoted = await patch(`/admin/staff/${staff.id}`, { role: "admin" }, staff.member);
    const token = await logIn(staff);
    expect((await request("/admin/dead-letters", { token })).status).toBe(200);
    await patch(`/admin/staff/${staff.id}`, { role: "staff" }, promoted.as(Member));
    expect((await request("/admin/dead-letters", { token })).status).toBe(403);
    expect((await request("/admin/orders", { token })).status).toBe(200);
    await request("/auth/logout", { method: "POST", token, json: {} });
    expect((await request("/admin/orders", { token })).body).toMatchObject({ code: "invalid_token" });
  });
});

test("who dismisses a maker of API keys says what becomes of them, and a revocation is in the audit log", async () => {
  const newKey = async (token: string) => {
    const json = { name: randomUUID(), permissions: ["orders:read"] };
    const made = await request("/admin/api-keys", { method: "POST", token, json });
    return made.as(z.object({ id: z.string(), key: z.string() }));
  };
  const works = async ({ key }: { key: string }) =>
    (await request("/admin/orders", { token: key })).status === 200;
  const [kept, revoked] = await Promise.all([
    hire("api_keys:manage", "orders:read"),
    hire("api_keys:manage", "orders:read"),
  ]);
  const [stays, goes] = await Promise.all([newKey(kept.token), newKey(revoked.token)]);
  expect(await dismiss(revoked.member)).toMatchObject({
    status: 409,
    body: { code: "api_keys_undecided", api_keys: [{ id: goes.id }] },
  });
  const leave = (member: Member, fate: string) =>
    request(`/admin/staff/${member.id}?api_keys=${fate}`, {
      method: "DELETE",
      token: admin,
      headers: { "if-match": `"v${member.version}"` },
    });
  expect((await leave(kept.member, "keep")).status).toBe(204);
  expect((await leave(revoked.member, "revoke")).status).toBe(204);
  expect([await works(stays), await works(goes)]).toEqual([true, false]);
  const keys = await request("/admin/api-keys?limit=100", { token: admin });
  expect(keys.body).toMatchObject({
    data: expect.arrayContaining([expect.objectContaining({ id: stays.id, maker_standing: "left" })]),
  });
  const entries = await inDatabase("select action from audit_entries where content like $1", [
    `%"dismissed":"${revoked.id}","id":"${goes.id}"%`,
  ]);
  expect(entries).toEqual([{ action: "DELETE /admin/api-keys/:id" }]);
  await request(`/admin/api-keys/${stays.id}`, { method: "DELETE", token: admin });
});

test("nobody gives, changes or takes what they do not have", async () => {
  const manager = await hire("staff:read", "staff:manage", "orders:read");
  const { token } = manager;
  const [other, stronger, newcomer] = await Promise.all([
    hire("orders:read"),
    hire("payments:refund"),
    registerCustomer(),
  ]);
  const [admins, tooMuch, fitting] = await Promise.all([
    request("/admin/staff", { method: "POST", token, json: { email: newcomer.email, role: "admin" } }),
    createRole(["payments:refund"], token),
    createRole(["orders:read"], token),
  ]);
  expect([admins.status, tooMuch.status, fitting.status]).toEqual([403, 403, 201]);
  const version = 1;
  const statuses = await Promise.all([
    patch(`/admin/staff/${other.id}`, { role_ids: [stronger.roleId] }, { version, token }),
    patch(`/admin/staff/${manager.id}`, { role: "admin" }, { version, token }),
    patch(`/admin/roles/${stronger.roleId}`, { permissions: [] }, { version, token }),
    patch(`/admin/roles/${manager.roleId}`, { permissions: ["audit:read"] }, { version, token }),
    dismiss(stronger.member, token),
  ]);
  expect(statuses.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
  expect((await patch(`/admin/staff/${other.id}`, { role_ids: [] }, { version, token })).status).toBe(200);
});

test("of two changes of what was read once, one is refused", async () => {
  const { id, member } = await hire("orders:read");
  const answers = await Promise.all([
    patch(`/admin/staff/${id}`, { suspended: true }, member),
    patch(`/admin/staff/${id}`, { role: "admin" }, member),
  ]);
  const refused = answers.filter(({ status }) => status !== 200);
  expect(refused).toHaveLength(1);
  expect([409, 412]).toContain(refused[0]?.status);
});

test("a role is removed when nobody holds it", async () => {
  const { roleId, member } = await hire("orders:read");
  const remove = () =>
    request(`/admin/roles/${roleId}`, { method: "DELETE", token: admin, headers: { "if-match": '"v1"' } });
  expect((await remove()).body).toMatchObject({ code: "role_in_use" });
  await dismiss(member);
  expect((await remove()).status).toBe(204);
  expect((await request(`/admin/roles/${roleId}`, { token: admin })).status).toBe(404);
});

test("acts on power itself need a recent proof of the owner, other acts of the staff do not", async () => {
  const staff = await hire("staff:manage", "staff:read");
  const { email, password, id } = staff;
  const signedIn = await request("/auth/login", { method: "POST", json: { email, password } });
  await inDatabase("update sessions set authenticated_at = now() - interval '1 day' where user_id = $1", [
    id,
  ]);
  const refreshed = await request("/auth/refresh", {
    method: "POST",
    json: { refresh_token: signedIn.as(z.object({ refresh_token: z.string() })).refresh_token },
  });
  const { access_token: token } = refreshed.as(z.object({ access_token: z.string() }));
  expect((await createRole([], token)).body).toMatchObject({ code: "step_up_required" });
  expect((await request("/admin/roles", { token })).status).toBe(200);
});
