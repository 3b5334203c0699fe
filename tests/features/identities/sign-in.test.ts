import { decodeJwt } from "jose";
import { describe, expect, test } from "vitest";
import { request } from "../../stack.ts";
import { SignedIn, profile, registered, sql } from "../auth/account.ts";
import { codeOf } from "../../authenticator-app.ts";
import { customerWithApp, mfaTokenOf, verify } from "../mfa/authenticator.ts";
import {
  callbackAfter,
  codeIn,
  exchange,
  locationOf,
  newPerson,
  newVerifier,
  openBrowser,
  signInAt,
  startUrl,
  unverified,
} from "./browser.ts";

/** An account with a password whose owner has shown that the e-mail is theirs. */
async function verifiedAccount() {
  const session = await registered();
  await sql("update users set email_verified_at = now() where id = $1", session.user.id);
  return session;
}

describe.each(["local", "github"])("at %s", (provider) => {
  test("a first sign-in opens an account with the verified e-mail, and the next one finds it", async () => {
    const person = newPerson({ name: "Ada Lovelace" });
    const first = await signInAt(provider, person);
    expect(first.returned.href).toMatch(/^http:\/\/localhost:3000\/signed-in\?code=/);
    const session = (await exchange(first.exchange)).as(SignedIn);
    expect(session.user).toMatchObject({ email: person.email, name: "Ada Lovelace", email_verified: true });
    expect(decodeJwt(session.access_token)["amr"]).toEqual(["federated"]);
    expect((await profile(session.access_token)).status).toBe(200);
    const again = (await exchange((await signInAt(provider, person)).exchange)).as(SignedIn);
    expect(again.user.id).toBe(session.user.id);
  });

  test("an account with the same e-mail, verified on both sides, is linked", async () => {
    const account = await verifiedAccount();
    const person = newPerson({ email: account.user.email.toUpperCase() });
    const session = (await exchange((await signInAt(provider, person)).exchange)).as(SignedIn);
    expect(session.user.id).toBe(account.user.id);
  });

  test("an account that has not verified the e-mail is not linked, and the problem says what to do", async () => {
    const account = await registered();
    const person = newPerson({ email: account.user.email });
    const refused = await exchange((await signInAt(provider, person)).exchange);
    expect(refused.body).toMatchObject({
      status: 409,
      code: "account_not_linked",
      detail: expect.stringContaining("Sign in to it first"),
    });
    expect(await sql("select 1 from identities where user_id = $1", account.user.id)).toEqual([]);
  });

  test("an e-mail that the provider has not verified opens no account, neither an old nor a new one", async () => {
    const account = await verifiedAccount();
    for (const email of [account.user.email, newPerson().email]) {
      const refused = await exchange((await signInAt(provider, unverified(newPerson({ email })))).exchange);
      expect(refused.body).toMatchObject({ status: 409, code: "provider_email_unverified" });
      expect(
        await sql("select 1 from users u join identities i on i.user_id = u.id where u.email = $1", email),
      ).toEqual([]);
    }
  });

  test("whoever cancels at the provider is led back with an error", async () => {
    const browser = openBrowser();
    const start = startUrl(provider, { code_challenge: newVerifier().challenge });
    const page = await browser.visit(locationOf(await browser.ask(start)));
    const returned = new URL(locationOf(await browser.ask(await browser.visit(page, { cancel: "true" }))));
    expect(returned.searchParams.get("error")).toBe("forbidden");
    expect(returned.searchParams.has("code")).toBe(false);
  });
});

test("two first sign-ins of one person at once open one account", async () => {
  const person = newPerson();
  const arrivals = await Promise.all([signInAt("local", person), signInAt("local", person)]);
  const sessions = await Promise.all(arrivals.map((arrival) => exchange(arrival.exchange)));
  const [first, second] = sessions.map((answer) => answer.as(SignedIn).user.id);
  expect(first).toBe(second);
});

test("an account with an authenticator app asks for its code also after a provider", async () => {
  const customer = await customerWithApp();
  await sql("update users set email_verified_at = now() where id = $1", customer.user.id);
  const { exchange: body } = await signInAt("local", newPerson({ email: customer.user.email }));
  const mfaToken = mfaTokenOf((await exchange(body)).body);
  const answer = await verify({ mfa_token: mfaToken, code: codeOf(customer.secret, 1) });
  expect(decodeJwt(answer.as(SignedIn).access_token)["amr"]).toEqual(["federated", "otp"]);
});

describe("the way there and back", () => {
  test("the browser is bound by a cookie that scripts cannot read and other sites cannot send", async () => {
    const answer = await openBrowser().ask(startUrl("local", { code_challenge: newVerifier().challenge }));
    const cookie = answer.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^sign-in=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
    const asked = new URL(locationOf(answer)).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: "code",
      code_challenge_method: "S256",
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  test("another browser cannot come back in the place of the one that began", async () => {
    const start = startUrl("local", { code_challenge: newVerifier().challenge });
    const callback = await callbackAfter(openBrowser(), start, newPerson());
    const stranger = await openBrowser().ask(callback);
    expect(stranger.body).toMatchObject({ status: 400, code: "sign_in_failed" });
    const bound = openBrowser();
    await bound.ask(start);
    expect((await bound.ask(callback)).body).toMatchObject({ status: 400, code: "sign_in_failed" });
  });

  test("a callback is good once, and one with a made-up state is not good at all", async () => {
    const { browser, callback } = await signInAt("local", newPerson());
    expect((await browser.ask(callback)).body).toMatchObject({ status: 400, code: "sign_in_failed" });
    const madeUp = new URL(callback);
    madeUp.searchParams.set("state", "a".repeat(43));
    expect((await browser.ask(madeUp.href)).body).toMatchObject({ status: 400, code: "sign_in_failed" });
  });

  test("an answer of one provider is not taken at the callback of another", async () => {
    const browser = openBrowser();
    const start = startUrl("local", { code_challenge: newVerifier().challenge });
    const callback = await callbackAfter(browser, start, newPerson());
    const elsewhere = callback.replace("/auth/oauth/local/", "/auth/oauth/github/");
    expect((await browser.ask(elsewhere)).body).toMatchObject({ status: 400, code: "sign_in_failed" });
  });

  test("two tabs of one browser may sign in at once", async () => {
    const browser = openBrowser();
    const start = () => startUrl("github", { code_challenge: newVerifier().challenge });
    const first = await callbackAfter(browser, start(), newPerson());
    const second = await callbackAfter(browser, start(), newPerson());
    for (const callback of [first, second])
      expect(codeIn(new URL(locationOf(await browser.ask(callback))))).not.toBe("");
  });

  test("a code is good once, and only for the page that has the secret", async () => {
    const arrival = await signInAt("local", newPerson());
    expect((await exchange(arrival.exchange)).status).toBe(200);
    expect((await exchange(arrival.exchange)).body).toMatchObject({ status: 400, code: "sign_in_failed" });
    const stolen = await signInAt("local", newPerson());
    const guess = { ...stolen.exchange, code_verifier: newVerifier().verifier };
    expect((await exchange(guess)).body).toMatchObject({ status: 400, code: "sign_in_failed" });
    expect((await exchange(stolen.exchange)).body).toMatchObject({ status: 400, code: "sign_in_failed" });
  });

  test("the way back leads to the shop's pages only, with the query they asked for", async () => {
    const browser = openBrowser();
    const asked = (url: string) =>
      startUrl("local", { code_challenge: newVerifier().challenge, return_url: url });
    const callback = await callbackAfter(
      browser,
      asked("http://127.0.0.1:3000/signed-in?next=%2Fcart"),
      newPerson(),
    );
    expect(locationOf(await browser.ask(callback))).toMatch(
      /^http:\/\/127\.0\.0\.1:3000\/signed-in\?next=%2Fcart&code=/,
    );
    for (const url of [
      "https://evil.example/signed-in",
      "http://localhost:3000/elsewhere",
      "http://localhost:3000.evil.example/signed-in",
      "http://me@localhost:3000/signed-in",
      "//localhost:3000/signed-in",
      "javascript:alert(1)",
    ]) {
      const refused = await browser.ask(asked(url));
      expect(refused.body).toMatchObject({ status: 400, code: "invalid_request" });
    }
  });

  test("an unknown provider is answered with the known ones", async () => {
    const answer = await request(`/auth/oauth/nobody?code_challenge=${newVerifier().challenge}`);
    expect(answer.body).toMatchObject({
      status: 404,
      code: "provider_unknown",
      providers: ["local", "github", "contrary"],
    });
  });

  test("a sign-in without a challenge is not begun", async () => {
    const answer = await request("/auth/oauth/local");
    expect(answer.body).toMatchObject({
      code: "invalid_request",
      errors: [{ pointer: "/query/code_challenge" }],
    });
  });
});
