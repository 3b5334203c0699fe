import { randomBytes, scryptSync } from "node:crypto";
import { expect, test } from "vitest";
import { costOf, request } from "../../stack.ts";
import { SignedIn, logIn, newAccount, profile, refresh, registered, sessionIdOf, sql } from "./account.ts";

test("a login opens a session beside the first, with one read and one transaction", async () => {
  const { account, user, access_token: firstToken } = await registered();
  const answer = await logIn(account.email.toUpperCase(), account.password);
  expect(answer.status).toBe(200);
  const second = answer.as(SignedIn);
  expect(second.user).toEqual(user);
  expect(costOf(answer).databaseCalls).toBeLessThanOrEqual(3);
  expect((await profile(second.access_token)).status).toBe(200);
  expect((await profile(firstToken)).status).toBe(200);
});

test("a wrong password and an unknown e-mail get the same answer", async () => {
  const { account } = await registered();
  const wrong = await logIn(account.email, "not the password");
  const unknown = await logIn(newAccount().email, "not the password");
  const { request_id: _a, ...first } = wrong.body as Record<string, unknown>;
  const { request_id: _b, ...second } = unknown.body as Record<string, unknown>;
  expect(wrong.status).toBe(401);
  expect(first).toEqual(second);
  expect(first).toMatchObject({ code: "invalid_credentials" });
});

test("a hash made with other parameters still opens, and is made anew", async () => {
  const { account, user } = await registered();
  const { salt, hash } = oldHashOf("the password of old");
  await sql(
    "update users set password_hash = $2 where id = $1",
    user.id,
    `$scrypt$ln=4,r=8,p=1$${salt}$${hash}`,
  );
  expect((await logIn(account.email, "the password of old")).status).toBe(200);
  const [row] = await sql("select password_hash from users where id = $1", user.id);
  expect(row?.["password_hash"]).toMatch(/^\$scrypt\$ln=14,r=8,p=1\$/);
  expect((await logIn(account.email, "the password of old")).status).toBe(200);
});

test("a logout ends the session of the access token and no other", async () => {
  const first = await registered();
  const second = (await logIn(first.account.email, first.account.password)).as(SignedIn);
  const answer = await request("/auth/logout", { method: "POST", token: second.access_token });
  expect(answer.status).toBe(204);
  expect((await refresh(second.refresh_token)).status).toBe(401);
  expect((await profile(second.access_token)).status).toBe(401);
  expect((await profile(first.access_token)).status).toBe(200);
});

test("a logout by refresh token needs no access token, and may be repeated", async () => {
  const session = await registered();
  for (let times = 0; times < 2; times++) {
    const answer = await request("/auth/logout", {
      method: "POST",
      json: { refresh_token: session.refresh_token },
    });
    expect(answer.status).toBe(204);
  }
  const [row] = await sql("select revoked_at from sessions where id = $1", sessionIdOf(session));
  expect(row?.["revoked_at"]).not.toBeNull();
});

test("a logout of nobody is refused", async () => {
  const answer = await request("/auth/logout", { method: "POST" });
  expect(answer.status).toBe(401);
  expect(answer.headers.get("www-authenticate")).toBe("Bearer");
});

/** As an earlier setting would have made it, cheaper than today's. */
function oldHashOf(password: string): { salt: string; hash: string } {
  const salt = randomBytes(16);
  const unpadded = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");
  return { salt: unpadded(salt), hash: unpadded(scryptSync(password, salt, 32, { N: 16, r: 8, p: 1 })) };
}
