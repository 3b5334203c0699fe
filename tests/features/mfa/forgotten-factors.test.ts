import { expect, test } from "vitest";
import { z } from "zod";
import { adminToken, request } from "../../stack.ts";
import { logIn, newAccount, profile, registered, sql } from "../auth/account.ts";
import { mailTo, mailsTo } from "../auth/mailbox.ts";
import { creationOptions, newChallenge, newDevice, register, signIn } from "../passkeys/authenticator.ts";
import { appoint, hire } from "../staff/hiring.ts";
import { codeOf } from "../../authenticator-app.ts";
import { customerWithApp, mfaTokenOf, verify } from "./authenticator.ts";

const SignedIn = z.object({ access_token: z.string(), refresh_token: z.string() });

/** A customer with an authenticator app and a passkey. */
async function customerWithFactors() {
  const account = newAccount();
  const customer = await customerWithApp(await registered(account));
  const device = newDevice();
  await register(customer.access_token, device.create(await creationOptions(customer.access_token)));
  return { ...customer, account, device, id: customer.user.id };
}

const forget = (whom: "customers" | "staff", id: string, token: string) =>
  request(`/admin/${whom}/${id}/second-factors`, { method: "DELETE", token });

const mailed = "your sign-in has changed";

/** The mails that say so, among those on every change of the sign-in. */
async function mailsOfForgetting(email: string) {
  return (await mailsTo(email)).filter(({ text }) => text.includes("signed you out everywhere"));
}

/** Makes the proof in a member's token too old, and gives the next token of the session. */
async function withOldProof({ id, email, password }: { id: string; email: string; password: string }) {
  const { refresh_token } = (await logIn(email, password)).as(SignedIn);
  await sql("update sessions set authenticated_at = now() - interval '11 minutes' where user_id = $1", id);
  const json = { refresh_token };
  return (await request("/auth/refresh", { method: "POST", json })).as(SignedIn).access_token;
}

test("staff lets a customer in again who has lost app and passkeys; whatever was signed in is not any more", async () => {
  const { account, id, device, secret, access_token: token } = await customerWithFactors();
  const pending = mfaTokenOf((await logIn(account.email, account.password)).body);
  expect((await forget("customers", id, await adminToken())).status).toBe(204);
  expect((await profile(token)).status).toBe(401);
  const waited = await verify({ mfa_token: pending, code: codeOf(secret, 1) });
  expect(waited.status).toBe(401);
  expect((await signIn(device.use(await newChallenge()))).body).toMatchObject({ code: "passkey_refused" });
  expect((await logIn(account.email, account.password)).status).toBe(200);
  const shown = await request(`/admin/customers/${id}`, { token: await adminToken() });
  expect(shown.body).toMatchObject({ sign_in: { password: true, authenticator_app: false, passkeys: 0 } });
});

test("the owner is told once, however often and at once it is done, and a repetition signs nobody out", async () => {
  const { account, id } = await customerWithFactors();
  const admin = await adminToken();
  const answers = await Promise.all(Array.from({ length: 4 }, () => forget("customers", id, admin)));
  expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204]);
  const { access_token: token } = (await logIn(account.email, account.password)).as(SignedIn);
  expect((await forget("customers", id, admin)).status).toBe(204);
  expect((await profile(token)).status).toBe(200);
  // After the mails of the app and of the passkey.
  expect((await mailTo(account.email, mailed, 3)).text).toContain("signed you out everywhere");
  const events = await sql(
    "select 1 from outbox where subject = $1 and type = 'user.sign_in_changed' and payload ->> 'change' = 'factors_forgotten'",
    id,
  );
  expect(events.length).toBeLessThanOrEqual(1);
  expect(await mailsOfForgetting(account.email)).toHaveLength(1);
});

test("it is written into the audit log before it is done", async () => {
  const { user } = await customerWithApp();
  await forget("customers", user.id, await adminToken());
  const entries = await sql(
    "select content::jsonb ->> 'kind' as kind from audit_entries where action = $1 and content like $2 order by sequence",
    "DELETE /admin/customers/:id/second-factors",
    `%${user.id}%`,
  );
  expect(entries[0]).toEqual({ kind: "act" });
});

test("it asks for the permission and for a recent proof, and refuses programs", async () => {
  const { user } = await customerWithApp();
  const [reader, helper] = await Promise.all([
    hire("customers:read"),
    hire("customers:read", "customers:write"),
  ]);
  expect((await forget("customers", user.id, reader.token)).body).toMatchObject({ code: "forbidden" });
  const old = await withOldProof(helper);
  expect((await forget("customers", user.id, old)).body).toMatchObject({ code: "step_up_required" });
  const json = { name: "a program", permissions: ["customers:write"] };
  const made = await request("/admin/api-keys", { method: "POST", token: await adminToken(), json });
  const { key } = made.as(z.object({ key: z.string() }));
  expect((await forget("customers", user.id, key)).status).toBe(401);
  expect((await forget("customers", user.id, helper.token)).status).toBe(204);
});

test("whoever is of the staff is no customer, and is helped by those who hold as much power", async () => {
  const { account, user } = await customerWithApp();
  if (account === undefined) throw new Error("the member has no password");
  await appoint(account.email, ["orders:read", "payments:refund"]);
  const [support, weaker, manager] = await Promise.all([
    hire("customers:write"),
    hire("staff:manage", "orders:read"),
    hire("staff:manage", "orders:read", "payments:refund"),
  ]);
  expect((await forget("customers", user.id, support.token)).status).toBe(404);
  expect((await forget("staff", user.id, support.token)).status).toBe(403);
  expect((await forget("staff", user.id, weaker.token)).body).toMatchObject({ code: "forbidden" });
  mfaTokenOf((await logIn(account.email, account.password)).body);
  const old = await withOldProof(manager);
  expect((await forget("staff", user.id, old)).body).toMatchObject({ code: "step_up_required" });
  expect((await forget("staff", user.id, manager.token)).status).toBe(204);
  expect((await logIn(account.email, account.password)).status).toBe(200);
  expect((await forget("staff", user.id, manager.token)).status).toBe(204);
  expect((await forget("staff", support.id, await adminToken())).status).toBe(204);
});

test("nobody is found who is not there", async () => {
  const nobody = `usr_${"0".repeat(26)}`;
  const admin = await adminToken();
  expect((await forget("customers", nobody, admin)).status).toBe(404);
  expect((await forget("staff", nobody, admin)).status).toBe(404);
  const customer = await customerWithApp();
  expect((await forget("staff", customer.user.id, admin)).status).toBe(404);
});
