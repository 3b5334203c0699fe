import { expect, test } from "vitest";
import { SignedIn, logIn, newAccount, registered } from "./account.ts";

test("ten wrong passwords lock the e-mail, and the answer says for how long", async () => {
  const { account } = await registered();
  for (let attempt = 1; attempt <= 10; attempt++) {
    const answer = await logIn(account.email, `wrong ${attempt}`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("ratelimit")).toContain(`"login-email";r=${10 - attempt};t=`);
  }
  const locked = await logIn(account.email, account.password);
  expect(locked.status).toBe(429);
  expect(locked.body).toMatchObject({ code: "rate_limited", retryable: true });
  expect(Number(locked.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(locked.headers.get("ratelimit-policy")).toContain('"login-email";q=10;w=900');
});

test("an unknown e-mail is locked like a known one", async () => {
  const { email } = newAccount();
  for (let attempt = 1; attempt <= 10; attempt++) await logIn(email, "wrong password");
  expect((await logIn(email.toUpperCase(), "wrong password")).status).toBe(429);
});

test("logins that succeed do not count against the e-mail", async () => {
  const { account } = await registered();
  for (let times = 1; times <= 12; times++) {
    const answer = await logIn(account.email, account.password);
    expect(answer.as(SignedIn).user.email).toBe(account.email);
  }
});
