import { expect, test } from "vitest";
import { adminToken, costOf, neonStats, registerCustomer, request } from "../stack.ts";

test("an unknown route is answered with a problem and costs no database call", async () => {
  const answer = await request("/nowhere");
  expect(answer.status).toBe(404);
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
  expect(answer.body).toMatchObject({ status: 404, code: "not_found" });
  expect(costOf(answer)).toEqual({ databaseCalls: 0, objectCalls: 0 });
});

test("a new customer's token opens the customer's own profile", async () => {
  const customer = await registerCustomer();
  const profile = await request("/auth/profile", { token: customer.token });
  expect(profile.body).toMatchObject({ id: customer.id, email: customer.email, role: "customer" });
});

test("the demo admin is an admin", async () => {
  const profile = await request("/auth/profile", { token: await adminToken() });
  expect(profile.body).toMatchObject({ role: "admin" });
});

test("what the Worker writes goes to the primary", async () => {
  await registerCustomer();
  const { by_host: byHost } = await neonStats();
  expect(byHost["primary.tradewind.localhost"]?.transactions).toBeGreaterThan(0);
});
