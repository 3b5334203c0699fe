import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import { z } from "zod";
import { request } from "../../stack.ts";
import { profile, refresh, registered, sessionIdOf, SignedIn, sql } from "./account.ts";

const RenewedAccess = z.strictObject({
  access_token: z.string(),
  token_type: z.literal("Bearer"),
  expires_in: z.literal(600),
});

function stepUp(token: string, proof: object) {
  return request("/auth/step-up", { method: "POST", token, json: proof });
}

async function signedInLongAgo() {
  const session = await registered();
  await sql(
    "update sessions set authenticated_at = now() - interval '1 hour' where id = $1",
    sessionIdOf(session),
  );
  const refreshed = (await refresh(session.refresh_token)).as(SignedIn);
  return { account: session.account, refreshed };
}

const authTimeOf = (token: string) => z.int().parse(decodeJwt(token)["auth_time"]);
const secondsAgo = (seconds: number) => Date.now() / 1000 - seconds;

test("an access token says when and by what its owner was proven, and refreshing it proves nothing", async () => {
  const { access_token: fresh } = await registered();
  expect(authTimeOf(fresh)).toBeGreaterThan(secondsAgo(60));
  expect(decodeJwt(fresh)["amr"]).toEqual(["pwd"]);
  const { refreshed } = await signedInLongAgo();
  expect(authTimeOf(refreshed.access_token)).toBeLessThan(secondsAgo(3000));
});

test("the password proves the owner again, in the same session, and later refreshes keep that", async () => {
  const { account, refreshed } = await signedInLongAgo();
  const answer = await stepUp(refreshed.access_token, { password: account.password });
  const { access_token: renewed } = answer.as(RenewedAccess);
  expect(authTimeOf(renewed)).toBeGreaterThan(secondsAgo(60));
  expect(decodeJwt(renewed)["sid"]).toBe(sessionIdOf(refreshed));
  expect((await profile(renewed)).status).toBe(200);
  const later = (await refresh(refreshed.refresh_token)).as(SignedIn);
  expect(authTimeOf(later.access_token)).toBe(authTimeOf(renewed));
});

test("a wrong password proves nothing, and after ten of them the right one must wait", async () => {
  const { account, refreshed } = await signedInLongAgo();
  for (let attempt = 0; attempt < 10; attempt++) {
    const refused = await stepUp(refreshed.access_token, { password: "not the password" });
    expect(refused.status).toBe(401);
    expect(refused.body).toMatchObject({ code: "invalid_credentials" });
  }
  // Of what was counted in the window before, or where counts go while Redis is slow, a part may be forgiven.
  const wrongAgain = async () =>
    (await stepUp(refreshed.access_token, { password: "not the password" })).status;
  await expect.poll(wrongAgain).toBe(429);
  const locked = await stepUp(refreshed.access_token, { password: account.password });
  expect(locked.body).toMatchObject({ status: 429, code: "rate_limited" });
  expect(locked.headers.get("retry-after")).toMatch(/^\d+$/);
});

test("a session that has ended cannot be proven again", async () => {
  const { account, refreshed } = await signedInLongAgo();
  await request("/auth/logout", { method: "POST", token: refreshed.access_token });
  const answer = await stepUp(refreshed.access_token, { password: account.password });
  expect(answer.body).toMatchObject({ status: 401, code: "invalid_token" });
});

test("nobody steps up without being signed in", async () => {
  const answer = await request("/auth/step-up", { method: "POST", json: { password: "whatever" } });
  expect(answer.body).toMatchObject({ status: 401, code: "unauthenticated" });
});
