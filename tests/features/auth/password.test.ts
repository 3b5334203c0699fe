import { expect, test } from "vitest";
import { z } from "zod";
import { costOf, request } from "../../stack.ts";
import { SignedIn, logIn, newAccount, profile, refresh, register, registered, sql } from "./account.ts";
import { mailTo, mailsTo, tokenIn } from "./mailbox.ts";

const choose = "choose a new password";
const changed = "your password was changed";

function forgot(email: string) {
  return request("/auth/password/forgot", { method: "POST", json: { email } });
}

function reset(token: string, password: string) {
  return request("/auth/password/reset", { method: "POST", json: { token, password } });
}

function change(token: string, current: string, password: string) {
  return request("/auth/password/change", {
    method: "POST",
    token,
    json: { current_password: current, password },
  });
}

test("a forgotten password is chosen anew by mail: every session ends, and the owner is told", async () => {
  const { account, access_token: token, refresh_token: refreshToken } = await registered();
  expect((await forgot(account.email.toUpperCase())).status).toBe(202);
  const code = tokenIn(await mailTo(account.email, choose));
  expect((await reset(code, "a password of my own")).status).toBe(204);
  expect((await profile(token)).status).toBe(401);
  expect((await refresh(refreshToken)).status).toBe(401);
  expect((await logIn(account.email, account.password)).status).toBe(401);
  const session = (await logIn(account.email, "a password of my own")).as(SignedIn);
  expect(session.user.email_verified).toBe(true);
  await mailTo(account.email, changed);
  expect(await reset(code, "another password")).toMatchObject({
    status: 400,
    body: { code: "mail_token_refused" },
  });
});

test("known and unknown addresses get the same answer for the same work", async () => {
  const { account } = await registered();
  const stranger = newAccount().email;
  const [known, unknown] = [await forgot(account.email), await forgot(stranger)];
  expect(unknown.status).toBe(known.status);
  expect(unknown.body).toEqual(known.body);
  const facts = [];
  for (const { headers } of [known, unknown]) {
    const shown = [...headers].filter(
      ([name]) => !["request-id", "date", "server-timing", "ratelimit", "consistency-token"].includes(name),
    );
    facts.push(shown);
  }
  expect(facts[0]).toEqual(facts[1]);
  const rows = await sql(
    `select user_id from mail_tokens where purpose = 'reset_password' and (user_id is null or email = $1)
       and id in (select payload ->> 'mail_token_id' from outbox where type = 'mail_token.issued')`,
    account.email,
  );
  expect(rows.some((row) => row["user_id"] === null)).toBe(true);
  expect(rows.some((row) => row["user_id"] !== null)).toBe(true);
  await mailTo(account.email, choose);
  expect(await mailsTo(stranger)).toEqual([]);
});

test("the fourth request for an address has to wait, whether or not it has an account", async () => {
  const { account } = await registered();
  for (const email of [account.email, newAccount().email]) {
    for (let times = 1; times <= 3; times++) expect((await forgot(email)).status).toBe(202);
    // Of what was counted in the window before, or where counts go while Redis is slow, a part may be forgiven.
    await expect.poll(() => forgot(email)).toMatchObject({ status: 429, body: { code: "rate_limited" } });
  }
});

test("of ten resets with one token at once, one decides the password", async () => {
  const { account } = await registered();
  await forgot(account.email);
  const code = tokenIn(await mailTo(account.email, choose));
  const passwords = Array.from({ length: 10 }, (_, index) => `password number ${index}`);
  const answers = await Promise.all(passwords.map((password) => reset(code, password)));
  const winner = passwords[answers.findIndex(({ status }) => status === 204)] ?? "";
  expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
  expect((await logIn(account.email, winner)).status).toBe(200);
});

test("a reset also ends the other mails and the change of address that somebody had begun", async () => {
  const { account, access_token: token } = await registered();
  const other = newAccount().email;
  await request("/auth/email/change", {
    method: "POST",
    token,
    json: { email: other, current_password: account.password },
  });
  const theft = tokenIn(await mailTo(other, "confirm your new e-mail"));
  await forgot(account.email);
  await forgot(account.email);
  const first = tokenIn(await mailTo(account.email, choose, 1));
  const second = tokenIn(await mailTo(account.email, choose, 2));
  expect((await reset(second, "a password of my own")).status).toBe(204);
  expect((await reset(first, "a thief's password")).status).toBe(400);
  const verified = await request("/auth/email/verify", { method: "POST", json: { token: theft } });
  expect(verified.status).toBe(400);
});

test("a weak password leaves the token good; an expired token leaves the password", async () => {
  const { account, user } = await registered();
  await forgot(account.email);
  const code = tokenIn(await mailTo(account.email, choose));
  for (const weak of ["password123", account.email, "short"])
    expect((await reset(code, weak)).status).toBe(400);
  await sql("update mail_tokens set expires_at = now() where user_id = $1", user.id);
  expect((await reset(code, "a password of my own")).status).toBe(400);
  expect((await logIn(account.email, account.password)).status).toBe(200);
});

test("a change needs the current password, keeps this session and ends the others", async () => {
  const { account, access_token: token, refresh_token: refreshToken } = await registered();
  const other = (await logIn(account.email, account.password)).as(SignedIn);
  expect(await change(token, "not the password", "a password of my own")).toMatchObject({
    status: 401,
    body: { code: "invalid_credentials" },
  });
  expect((await change(token, account.password, "a password of my own")).status).toBe(204);
  expect((await profile(token)).status).toBe(200);
  expect((await refresh(refreshToken)).status).toBe(200);
  expect((await profile(other.access_token)).status).toBe(401);
  expect((await refresh(other.refresh_token)).status).toBe(401);
  await mailTo(account.email, changed);
  expect((await logIn(account.email, account.password)).status).toBe(401);
  expect((await logIn(account.email, "a password of my own")).status).toBe(200);
});

test("who holds a session cannot guess the password through it without end", async () => {
  const { account, access_token: token } = await registered();
  for (let attempt = 1; attempt <= 10; attempt++)
    expect((await change(token, `wrong ${attempt}`, "a password of my own")).status).toBe(401);
  // Each further failure makes the wait longer: at last it is too long for the slowest machine to sit it out.
  const secondsToWait = async () => {
    const guess = await change(token, "wrong again", "a password of my own");
    return guess.status === 429 ? Number(guess.headers.get("retry-after")) : 0;
  };
  await expect.poll(secondsToWait, { timeout: 50_000, interval: 50 }).toBeGreaterThanOrEqual(2);
  expect((await change(token, account.password, "a password of my own")).status).toBe(429);
});

test.each([
  ["one that everybody tries", () => "Password123", "too_common"],
  ["the e-mail address", (email: string) => email.toUpperCase(), "same_as_email"],
])("a registration with %s as its password is refused", async (_what, passwordFor, code) => {
  const account = newAccount();
  const answer = await register({ ...account, password: passwordFor(account.email) });
  expect(answer).toMatchObject({
    status: 400,
    body: { code: "invalid_request", errors: [{ pointer: "/password", code }] },
  });
});

test("a login costs the same hashing and the same calls, whether or not the account exists", async () => {
  const { account } = await registered();
  const work = ({ headers }: Awaited<ReturnType<typeof logIn>>) =>
    z.string().parse(/hashings;desc="(\d+)"/.exec(headers.get("server-timing") ?? "")?.[1]);
  const wrong = await logIn(account.email, "not the password");
  const unknown = await logIn(newAccount().email, "not the password");
  expect(work(wrong)).toBe("1");
  expect(work(unknown)).toBe("1");
  expect(costOf(unknown)).toEqual(costOf(wrong));
});
