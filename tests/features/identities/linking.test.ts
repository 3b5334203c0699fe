import { expect, test } from "vitest";
import { z } from "zod";
import { request } from "../../stack.ts";
import { SignedIn, refresh, registered, sessionIdOf, sql } from "../auth/account.ts";
import {
  type Person,
  callbackAfter,
  codeIn,
  exchange,
  locationOf,
  newPerson,
  newVerifier,
  openBrowser,
  signInAt,
  unverified,
} from "./browser.ts";

const BegunLink = z.strictObject({ url: z.url(), expires_in: z.literal(600) });

function beginLink(token: string, provider: string, challenge: string) {
  return request(`/auth/identities/${provider}`, {
    method: "POST",
    token,
    json: { code_challenge: challenge },
  });
}

/** Goes to the provider for a link that this token asked for. */
async function bringIdentity(token: string, provider: string, person: Person) {
  const { verifier, challenge } = newVerifier();
  const { url } = (await beginLink(token, provider, challenge)).as(BegunLink);
  const browser = openBrowser();
  const callback = await callbackAfter(browser, url, person);
  const code = codeIn(new URL(locationOf(await browser.ask(callback))));
  return { url, browser, exchange: { code, code_verifier: verifier } };
}

function confirmLink(token: string, body: object) {
  return request("/auth/identities", { method: "POST", token, json: body });
}

function unlink(token: string, provider: string) {
  return request(`/auth/identities/${provider}`, { method: "DELETE", token });
}

test("who is signed in links an identity, verified or not, and can sign in with it from then on", async () => {
  const { access_token: token, user } = await registered();
  const person = unverified(newPerson());
  const { exchange: body } = await bringIdentity(token, "github", person);
  const linked = await confirmLink(token, body);
  expect(linked.body).toMatchObject({ data: [{ provider: "github", email: person.email }] });
  const session = (await exchange((await signInAt("github", person)).exchange)).as(SignedIn);
  expect(session.user).toMatchObject({ id: user.id, email_verified: false });
});

test("a link is made by nobody but the account that asked for it", async () => {
  const owner = await registered();
  const other = await registered();
  const stolen = await bringIdentity(owner.access_token, "local", newPerson());
  expect((await confirmLink(other.access_token, stolen.exchange)).body).toMatchObject({
    status: 400,
    code: "sign_in_failed",
  });
  const signedIn = await bringIdentity(owner.access_token, "local", newPerson());
  expect((await exchange(signedIn.exchange)).body).toMatchObject({ status: 400, code: "sign_in_failed" });
  const plain = await signInAt("local", newPerson());
  expect((await confirmLink(owner.access_token, plain.exchange)).body).toMatchObject({
    code: "sign_in_failed",
  });
  expect(await sql("select 1 from identities where user_id = $1", owner.user.id)).toEqual([]);
});

test("the address that begins a link is good once", async () => {
  const { access_token: token } = await registered();
  const { url, browser } = await bringIdentity(token, "local", newPerson());
  expect((await browser.ask(url)).body).toMatchObject({ status: 400, code: "sign_in_failed" });
});

test("an identity opens one account, and an account has one identity of a provider", async () => {
  const person = newPerson();
  await exchange((await signInAt("local", person)).exchange);
  const { access_token: token } = await registered();
  const taken = await bringIdentity(token, "local", person);
  expect((await confirmLink(token, taken.exchange)).body).toMatchObject({
    status: 409,
    code: "identity_taken",
  });
  const first = newPerson();
  await confirmLink(token, (await bringIdentity(token, "local", first)).exchange);
  const again = await confirmLink(token, (await bringIdentity(token, "local", first)).exchange);
  expect(again.status).toBe(200);
  const second = await confirmLink(token, (await bringIdentity(token, "local", newPerson())).exchange);
  expect(second.body).toMatchObject({ status: 409, code: "identity_taken" });
});

test("the last way to sign in cannot be removed; with a password beside it, it can", async () => {
  const session = (await exchange((await signInAt("local", newPerson())).exchange)).as(SignedIn);
  const { access_token: token, user } = session;
  expect((await unlink(token, "local")).body).toMatchObject({ status: 409, code: "last_sign_in_method" });
  expect((await unlink(token, "github")).body).toMatchObject({ status: 404, code: "not_found" });
  await sql("update users set password_hash = 'some hash' where id = $1", user.id);
  expect((await unlink(token, "local")).status).toBe(204);
  expect((await request("/auth/identities", { token })).body).toMatchObject({ data: [] });
});

test("of two identities that are removed at once, one stays", async () => {
  const session = (await exchange((await signInAt("local", newPerson())).exchange)).as(SignedIn);
  const { access_token: token } = session;
  await confirmLink(token, (await bringIdentity(token, "github", newPerson())).exchange);
  const answers = await Promise.all([unlink(token, "local"), unlink(token, "github")]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204, 409]));
  expect((await request("/auth/identities", { token })).body).toMatchObject({ data: [{}] });
});

test("identities are changed only by who has proven lately who it is", async () => {
  const session = await registered();
  await sql(
    "update sessions set authenticated_at = now() - interval '1 hour' where id = $1",
    sessionIdOf(session),
  );
  const { access_token: old } = (await refresh(session.refresh_token)).as(SignedIn);
  const refusals = [
    await beginLink(old, "local", newVerifier().challenge),
    await confirmLink(old, { code: "any", code_verifier: newVerifier().verifier }),
    await unlink(old, "local"),
  ];
  for (const { body } of refusals) expect(body).toMatchObject({ status: 401, code: "step_up_required" });
});
