import {
  SignJWT,
  UnsecuredJWT,
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  generateKeyPair,
  jwtVerify,
} from "jose";
import { expect, test } from "vitest";
import { request, stack } from "../../stack.ts";
import { profile, registered } from "./account.ts";

test("others verify our access tokens with the published keys", async () => {
  const { access_token: token, user } = await registered();
  const keys = createRemoteJWKSet(new URL(`${stack().api}/.well-known/jwks.json`));
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    issuer: stack().api,
    audience: "tradewind",
  });
  expect(protectedHeader).toMatchObject({ alg: "EdDSA", typ: "at+jwt" });
  expect(payload).toMatchObject({ sub: user.id, role: "customer" });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(600);
});

test("the published keys hold nothing private and may be cached", async () => {
  const answer = await request("/.well-known/jwks.json");
  expect(answer.headers.get("cache-control")).toBe("public, max-age=300");
  expect(JSON.stringify(answer.body)).not.toContain('"d"');
});

test("forged access tokens are refused", async () => {
  const { access_token: token } = await registered();
  const claims = decodeJwt(token);
  const { kid } = decodeProtectedHeader(token);
  const { privateKey } = await generateKeyPair("EdDSA");
  const header = { alg: "EdDSA", typ: "at+jwt", ...(kid === undefined ? {} : { kid }) };
  const foreignKey = await new SignJWT({ ...claims, role: "admin" })
    .setProtectedHeader(header)
    .sign(privateKey);
  const unknownKey = await new SignJWT(claims)
    .setProtectedHeader({ ...header, kid: "unknown" })
    .sign(privateKey);
  const publicKeyAsSecret = await new SignJWT(claims)
    .setProtectedHeader({ ...header, alg: "HS256" })
    .sign(new TextEncoder().encode(JSON.stringify((await request("/.well-known/jwks.json")).body)));
  const unsigned = new UnsecuredJWT({ ...claims }).encode();
  for (const forged of [foreignKey, unknownKey, publicKeyAsSecret, unsigned, token.slice(0, -4), "garbage"]) {
    const answer = await profile(forged);
    expect(answer.status, forged).toBe(401);
    expect(answer.body).toMatchObject({ code: "invalid_token" });
    expect(answer.headers.get("www-authenticate")).toBe('Bearer error="invalid_token"');
  }
});

test.each(["Basic YTpi", "Bearer", "Bearer a b", ""])(
  "refuses the header Authorization: %j",
  async (authorization) => {
    const answer = await request("/auth/profile", { headers: { authorization } });
    expect(answer.status).toBe(401);
  },
);

test("a guest has no profile", async () => {
  const answer = await request("/auth/profile");
  expect(answer.status).toBe(401);
  expect(answer.body).toMatchObject({ code: "unauthenticated" });
});
