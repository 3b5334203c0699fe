import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { DEMO_ADMIN } from "#local/credentials";
import { codeOf } from "../authenticator-app.ts";
import { type OwnStack, startOwnStack } from "../own-stack.ts";
import { type Call, type ShopClient, createShopClient } from "../shop-client.ts";

let stack: OwnStack;
let shop: ShopClient;
beforeAll(async () => {
  stack = await startOwnStack({ workerSettings: { STAFF_MFA: "required" }, leadTo: () => undefined });
  shop = createShopClient(stack.addresses.api);
});
afterAll(() => stack.end());

const Token = z.object({ access_token: z.string() });
const Identified = z.object({ id: z.string() });

const post = (path: string, token: string, call: Call = {}) =>
  shop.request(path, { method: "POST", token, ...call });
const listOrders = (token: string) => shop.request("/admin/orders", { token });

function logIn({ email, password }: { email: string; password: string }) {
  return shop.request("/auth/login", { method: "POST", json: { email, password } });
}

test("an admin with a password alone may do nothing but set up a second factor, which opens everything", async () => {
  const weak = (await logIn(DEMO_ADMIN)).as(Token).access_token;
  expect(await listOrders(weak)).toMatchObject({
    status: 403,
    body: { code: "mfa_enrolment_required", enrol: ["/auth/mfa/totp", "/auth/passkeys/options"] },
  });

  const { secret } = (await post("/auth/mfa/totp", weak)).as(z.object({ secret: z.string() }));
  expect(await listOrders(weak)).toMatchObject({ status: 403, body: { code: "mfa_enrolment_required" } });
  const confirmed = await post("/auth/mfa/totp/confirm", weak, { json: { code: codeOf(secret) } });
  const [recoveryCode = ""] = confirmed.as(z.object({ recovery_codes: z.array(z.string()) })).recovery_codes;
  expect(await listOrders(weak)).toMatchObject({
    status: 401,
    body: { code: "step_up_required", methods: ["totp", "recovery_code", "passkey"] },
  });

  const proven = await post("/auth/step-up", weak, { json: { recovery_code: recoveryCode } });
  expect((await listOrders(proven.as(Token).access_token)).status).toBe(200);

  const begun = await logIn(DEMO_ADMIN);
  const { mfa_token: mfaToken } = begun.as(z.object({ mfa_token: z.string() }));
  const json = { mfa_token: mfaToken, code: codeOf(secret, 1) };
  const strong = (await shop.request("/auth/mfa/verify", { method: "POST", json })).as(Token).access_token;
  expect((await listOrders(strong)).status).toBe(200);

  // Who packs parcels and holds nothing dangerous needs no second factor, and a program has a key instead.
  const packer = await shop.registerCustomer();
  const role = await post("/admin/roles", strong, {
    json: { name: randomUUID(), permissions: ["orders:read", "orders:fulfil"] },
  });
  const appointment = { email: packer.email, role_ids: [role.as(Identified).id] };
  expect((await post("/admin/staff", strong, { json: appointment })).status).toBe(201);
  expect((await listOrders((await logIn(packer)).as(Token).access_token)).status).toBe(200);
  const key = await post("/admin/api-keys", strong, {
    json: { name: "warehouse", permissions: ["orders:read", "customers:read"] },
  });
  expect((await listOrders(key.as(z.object({ key: z.string() })).key)).status).toBe(200);

  const removed = await shop.request("/auth/mfa/totp", { method: "DELETE", token: strong });
  expect(removed.status).toBe(204);
  expect(await listOrders(strong)).toMatchObject({ status: 403, body: { code: "mfa_enrolment_required" } });
});
