import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { costOf, stack } from "../../stack.ts";
import { SignedIn, logIn, newAccount, profile, register, registered, sql } from "./account.ts";

test("a registration signs the new customer in, with one transaction", async () => {
  const account = newAccount();
  const answer = await register({ ...account, email: `  ${account.email} ` });
  expect(answer.status).toBe(201);
  expect(answer.headers.get("cache-control")).toBe("private, no-store");
  // The outbox's first look, which is made after the answer, may be counted already.
  expect(costOf(answer).databaseCalls).toBeLessThanOrEqual(2);
  const { user, access_token: token } = answer.as(SignedIn);
  expect(user).toMatchObject({ email: account.email, name: "Ada", role: "customer", email_verified: false });
  const { body } = await profile(token);
  expect(body).toMatchObject(user);
  expect(
    z.iso.datetime().safeParse(z.object({ created_at: z.string() }).parse(body).created_at).success,
  ).toBe(true);
});

test("an e-mail has one account, whatever its case", async () => {
  const { account } = await registered();
  const again = await register({ ...newAccount(), email: account.email.toUpperCase() });
  expect(again.status).toBe(409);
  expect(again.body).toMatchObject({ code: "email_taken" });
});

test("of ten registrations of one e-mail at once, one makes the account", async () => {
  const { email } = newAccount();
  const answers = await Promise.all(Array.from({ length: 10 }, () => register({ ...newAccount(), email })));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
  expect(await sql("select id from users where email = $1", email)).toHaveLength(1);
  expect(
    await sql("select s.id from sessions s join users u on u.id = s.user_id where email = $1", email),
  ).toHaveLength(1);
});

test.each([
  ["a password of 7 characters", { password: "7 chars" }, "/password"],
  ["a password of 257 characters", { password: "p".repeat(257) }, "/password"],
  ["an e-mail without a domain", { email: "ada@" }, "/email"],
  ["an empty name", { name: "  " }, "/name"],
  ["a name of 201 characters", { name: "n".repeat(201) }, "/name"],
  ["a name with a line end", { name: "Ada\nBcc: all" }, "/name"],
  ["an unknown field", { role: "admin" }, "/role"],
])("refuses %s", async (_what, change, pointer) => {
  const answer = await register({ ...newAccount(), ...change });
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({ code: "invalid_request", errors: [{ pointer }] });
});

test("a password is the same however its letters were composed", async () => {
  const account = { ...newAccount(), password: "mot de passé" };
  await registered(account);
  expect((await logIn(account.email, account.password.normalize("NFD"))).status).toBe(200);
});

test("a repetition with the same key finds the account and gets tokens of its own", async () => {
  const account = newAccount();
  const key = { "idempotency-key": randomUUID() };
  const first = (await register(account, key)).as(SignedIn);
  const repeated = await register(account, key);
  expect(repeated.status).toBe(201);
  expect(repeated.headers.get("idempotent-replayed")).toBe("true");
  const second = repeated.as(SignedIn);
  expect(second.user).toEqual(first.user);
  expect(second.refresh_token).not.toBe(first.refresh_token);
  expect((await profile(second.access_token)).status).toBe(200);
});

test("ten registrations with the same key at once make one account and all succeed", async () => {
  const account = newAccount();
  const key = { "idempotency-key": randomUUID() };
  const answers = await Promise.all(Array.from({ length: 10 }, () => register(account, key)));
  expect(new Set(answers.map((answer) => answer.as(SignedIn).user.id)).size).toBe(1);
});

test("a key does not open an account to who knows the e-mail but not the password", async () => {
  const account = newAccount();
  const key = { "idempotency-key": randomUUID() };
  await register(account, key);
  for (const change of [{ password: "another password" }, { name: "Grace" }]) {
    const answer = await register({ ...account, ...change }, key);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: "idempotency_key_reused" });
  }
});

test("neither a token nor a password is stored in clear", async () => {
  const account = newAccount();
  const { refresh_token: refreshToken, access_token: accessToken } = (
    await register(account, { "idempotency-key": randomUUID() })
  ).as(SignedIn);
  const [stored] = await sql(
    `select (select jsonb_agg(u) from users u where email = $1)::text
      || (select jsonb_agg(s) from sessions s join users u on u.id = s.user_id where email = $1)::text
      || (select jsonb_agg(r) from idempotency_records r where body ->> 'user_id' =
           (select id from users where email = $1))::text as text`,
    account.email,
  );
  const text = z.string().parse(stored?.["text"]);
  const [signedText = ""] = refreshToken.split(".");
  const [, secret = ""] = Buffer.from(signedText, "base64url").toString().split(".");
  expect(text).toContain("$scrypt$ln=14,r=8,p=1$");
  for (const clear of [account.password, refreshToken, accessToken, secret])
    expect(text).not.toContain(clear);
});

test("a new customer gets one welcome mail", async () => {
  const { account } = await registered();
  const inbox = z.object({ messages: z.array(z.object({ subject: z.string(), text: z.string() })) });
  const messages = await vi.waitFor(
    async () => {
      const answer = await fetch(`${stack().services.mail}/messages?to=${encodeURIComponent(account.email)}`);
      const { messages } = inbox.parse(await answer.json());
      expect(messages.length).toBeGreaterThan(0);
      return messages;
    },
    { timeout: 25_000, interval: 50 },
  );
  expect(messages).toEqual([{ subject: "Welcome to Tradewind", text: expect.stringContaining("Hello Ada") }]);
});
