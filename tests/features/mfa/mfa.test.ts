import { randomUUID } from "node:crypto";
import { decodeJwt } from "jose";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { forgetFactors } from "#local/forget-factors";
import { codeOf } from "../../authenticator-app.ts";
import { request, stack } from "../../stack.ts";
import {
  SignedIn,
  logIn,
  newAccount,
  profile,
  refresh,
  register,
  registered,
  sessionIdOf,
  sql,
} from "../auth/account.ts";
import { RecoveryCodes, confirm, customerWithApp, enrol, mfaTokenOf, verify } from "./authenticator.ts";

async function firstFactor(account: { email: string; password: string } | undefined): Promise<string> {
  if (account === undefined) throw new Error("the customer has no password");
  return mfaTokenOf((await logIn(account.email, account.password)).body);
}

/** As if the time steps of the codes taken so far were long over. */
function forgetSteps(userId: string) {
  return sql("update authenticators set last_step = 0 where user_id = $1", userId);
}

test("with an app, the password gives no session but a token, and a code of the app ends the sign-in", async () => {
  const { account, secret, user } = await customerWithApp();
  const token = await firstFactor(account);
  const answer = await verify({ mfa_token: token, code: codeOf(secret, 1) });
  const session = answer.as(SignedIn);
  expect(session.user.id).toBe(user.id);
  expect(decodeJwt(session.access_token)["amr"]).toEqual(["pwd", "otp"]);
  expect((await profile(session.access_token)).status).toBe(200);
});

test("a code is good once: neither the same nor one of an earlier step opens a second time", async () => {
  const { account, secret } = await customerWithApp();
  const code = codeOf(secret, 1);
  expect((await verify({ mfa_token: await firstFactor(account), code })).status).toBe(200);
  for (const stale of [code, codeOf(secret, 0)]) {
    const refused = await verify({ mfa_token: await firstFactor(account), code: stale });
    expect(refused.body).toMatchObject({ status: 401, code: "invalid_credentials" });
  }
});

test("of ten uses of one code at once, one opens a session", async () => {
  const { account, secret, user } = await customerWithApp();
  const token = await firstFactor(account);
  const code = codeOf(secret, 1);
  const answers = await Promise.all(Array.from({ length: 10 }, () => verify({ mfa_token: token, code })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(await sql("select id from sessions where user_id = $1", user.id)).toHaveLength(2);
});

test("a token is good for one sign-in, and survives a wrong code", async () => {
  const { account, secret, user } = await customerWithApp();
  const token = await firstFactor(account);
  expect((await verify({ mfa_token: token, code: "000000" })).status).toBe(401);
  expect((await verify({ mfa_token: token, code: codeOf(secret, 1) })).status).toBe(200);
  await forgetSteps(user.id);
  const again = await verify({ mfa_token: token, code: codeOf(secret, 1) });
  expect(again.body).toMatchObject({ status: 401, code: "invalid_token" });
  expect((await verify({ mfa_token: "made up", code: codeOf(secret, 1) })).body).toMatchObject({
    code: "invalid_token",
  });
});

test("a token of before the account's sessions were ended opens nothing", async () => {
  const { account, secret, user } = await customerWithApp();
  const token = await firstFactor(account);
  await sql("update users set session_version = session_version + 1 where id = $1", user.id);
  const answer = await verify({ mfa_token: token, code: codeOf(secret, 1) });
  expect(answer.body).toMatchObject({ status: 401, code: "invalid_token" });
});

test("after ten wrong codes the right one must wait, whatever the token", async () => {
  const { account, secret } = await customerWithApp();
  const token = await firstFactor(account);
  for (let attempt = 0; attempt < 10; attempt++) await verify({ mfa_token: token, code: "000000" });
  // Of what was counted in the window before, or where counts go while Redis is slow, a part may be forgiven.
  await expect.poll(async () => (await verify({ mfa_token: token, code: "000000" })).status).toBe(429);
  const locked = await verify({ mfa_token: await firstFactor(account), code: codeOf(secret, 1) });
  expect(locked.body).toMatchObject({ status: 429, code: "rate_limited" });
});

test("right passwords that wait for a code hold nobody off, however many", async () => {
  const { account, secret } = await customerWithApp();
  for (let attempt = 0; attempt < 15; attempt++) await firstFactor(account);
  const session = await verify({ mfa_token: await firstFactor(account), code: codeOf(secret, 1) });
  expect(session.status).toBe(200);
});

test("a repeated registration asks for the code that the account has since been given", async () => {
  const key = { "idempotency-key": randomUUID() };
  const account = newAccount();
  await customerWithApp((await register(account, key)).as(SignedIn));
  const repeated = await register(account, key);
  expect(repeated).toMatchObject({ status: 401, body: { code: "mfa_required" } });
});

test("a recovery code opens the account once, however it is typed", async () => {
  const { account, recoveryCodes, access_token: accessToken } = await customerWithApp();
  const [code = ""] = recoveryCodes;
  const typed = code.toLowerCase().replaceAll("-", " ");
  const session = (await verify({ mfa_token: await firstFactor(account), recovery_code: typed })).as(
    SignedIn,
  );
  expect(decodeJwt(session.access_token)["amr"]).toEqual(["pwd", "recovery_code"]);
  const again = await verify({ mfa_token: await firstFactor(account), recovery_code: code });
  expect(again.body).toMatchObject({ status: 401, code: "invalid_credentials" });
  const state = await request("/auth/mfa", { token: accessToken });
  expect(state.body).toMatchObject({ totp: { enabled: true }, recovery_codes_left: 9 });
});

test("new recovery codes put an end to the old ones", async () => {
  const { account, recoveryCodes, access_token: token } = await customerWithApp();
  const renewed = await request("/auth/mfa/recovery-codes", { method: "POST", token });
  const { recovery_codes: fresh } = renewed.as(RecoveryCodes);
  const mfaToken = await firstFactor(account);
  expect((await verify({ mfa_token: mfaToken, recovery_code: recoveryCodes[0] })).status).toBe(401);
  expect((await verify({ mfa_token: mfaToken, recovery_code: fresh[0] })).status).toBe(200);
});

test("another customer's recovery code opens nothing", async () => {
  const { account } = await customerWithApp();
  const { recoveryCodes } = await customerWithApp();
  const answer = await verify({ mfa_token: await firstFactor(account), recovery_code: recoveryCodes[0] });
  expect(answer.status).toBe(401);
});

test("nothing is asked for until the app was confirmed, and a wrong code confirms nothing", async () => {
  const { account, access_token: token } = await registered();
  const answer = await enrol(token);
  expect(answer.body).toMatchObject({ otpauth_uri: expect.stringMatching(/^otpauth:\/\/totp\/Tradewind:/) });
  expect((await confirm(token, "000000")).body).toMatchObject({ code: "invalid_credentials" });
  expect((await logIn(account.email, account.password)).status).toBe(200);
});

test("of two confirmations at once, one gives recovery codes, and only those ten count", async () => {
  const { access_token: token, user } = await registered();
  const { secret } = (await enrol(token)).as(z.looseObject({ secret: z.string() }));
  const answers = await Promise.all([confirm(token, codeOf(secret)), confirm(token, codeOf(secret))]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(1);
  expect(await sql("select 1 from recovery_codes where user_id = $1", user.id)).toHaveLength(10);
});

test("a confirmed app is not replaced by another", async () => {
  const { access_token: token, secret } = await customerWithApp();
  expect((await enrol(token)).body).toMatchObject({ status: 409, code: "mfa_enabled" });
  expect((await confirm(token, codeOf(secret, 1))).body).toMatchObject({ code: "mfa_enabled" });
});

test("the app can be removed, and then the password is enough; removing it again finds nothing", async () => {
  const { account, access_token: token } = await customerWithApp();
  const remove = () => request("/auth/mfa/totp", { method: "DELETE", token });
  expect((await remove()).status).toBe(204);
  expect((await logIn(String(account?.email), String(account?.password))).status).toBe(200);
  expect((await remove()).body).toMatchObject({ status: 404 });
  const renewed = await request("/auth/mfa/recovery-codes", { method: "POST", token });
  expect(renewed.body).toMatchObject({ status: 404 });
});

test("the database holds neither the secret nor a recovery code", async () => {
  const { secret, recoveryCodes, user } = await customerWithApp();
  const kept = JSON.stringify([
    await sql("select * from authenticators where user_id = $1", user.id),
    await sql("select * from recovery_codes where user_id = $1", user.id),
  ]);
  for (const text of [secret, ...recoveryCodes]) expect(kept).not.toContain(text);
});

test("an old sign-in must be proven again before the factors are touched, and the problem says how", async () => {
  const customer = await customerWithApp();
  await sql(
    "update sessions set authenticated_at = now() - interval '11 minutes' where id = $1",
    sessionIdOf(customer),
  );
  const { access_token: old } = (await refresh(customer.refresh_token)).as(SignedIn);
  for (const [method, path] of [
    ["DELETE", "/auth/mfa/totp"],
    ["POST", "/auth/mfa/totp"],
    ["POST", "/auth/mfa/recovery-codes"],
  ] as const) {
    const refused = await request(path, { method, token: old });
    expect(refused.body).toMatchObject({ status: 401, code: "step_up_required", max_age: 600 });
    expect(refused.headers.get("www-authenticate")).toContain("insufficient_user_authentication");
  }
  const stepUp = (proof: object) => request("/auth/step-up", { method: "POST", token: old, json: proof });
  const byPassword = await stepUp({ password: String(customer.account?.password) });
  expect(byPassword.body).toMatchObject({ code: "mfa_required", methods: ["totp", "recovery_code"] });
  const renewed = (await stepUp({ code: codeOf(customer.secret, 1) })).as(
    z.looseObject({ access_token: z.string() }),
  );
  const removed = await request("/auth/mfa/totp", { method: "DELETE", token: renewed.access_token });
  expect(removed.status).toBe(204);
});

test("the owner is told by mail that the sign-in has changed", async () => {
  const { user } = await customerWithApp();
  await vi.waitFor(
    async () => {
      const inbox = await fetch(`${stack().services.mail}/messages?to=${encodeURIComponent(user.email)}`);
      expect(await inbox.text()).toContain("your sign-in has changed");
    },
    { timeout: 25_000, interval: 100 },
  );
});

test("an operator gets an owner back in who has lost every factor, and ends what is signed in", async () => {
  const { account, access_token: token } = await customerWithApp();
  if (account === undefined) throw new Error("the customer has no password");
  await firstFactor(account);
  await forgetFactors(stack().services.postgres, account.email.toUpperCase());
  expect((await profile(token)).status).toBe(401);
  expect((await logIn(account.email, account.password)).status).toBe(200);
  await expect(forgetFactors(stack().services.postgres, newAccount().email)).rejects.toThrow("No account");
});
