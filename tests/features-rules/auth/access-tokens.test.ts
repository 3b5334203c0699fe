import {
  type JWK,
  type JWTPayload,
  SignJWT,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
} from "jose";
import { beforeAll, expect, test } from "vitest";
import { newId } from "#core/ids";
import { epochMs } from "#core/time";
import { accessTokenSeconds, publicJwks, signAccessToken, verifyAccessToken } from "#platform/access-tokens";
import { settingsFor } from "./settings.ts";

const now = epochMs(Date.UTC(2026, 0, 1));
const grant = {
  userId: newId("user", now),
  sessionId: newId("session", now),
  role: "customer",
  sessionVersion: 1,
  authenticatedAt: epochMs(now - 5000),
  methods: ["pwd"],
} as const;

let older: JWK;
let newer: JWK;
beforeAll(async () => {
  [older, newer] = await Promise.all([newKey("older"), newKey("newer")]);
});

async function newKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  return { ...(await exportJWK(privateKey)), kid };
}

const settingsWith = (...keys: JWK[]) => settingsFor({ ACCESS_TOKEN_KEYS: JSON.stringify(keys) });

test("a token speaks for its user until its last second", async () => {
  const settings = settingsWith(newer);
  const token = await signAccessToken(settings, grant, now);
  const { userId, sessionId, sessionVersion, role, authenticatedAt, methods } = grant;
  const lastSecond = epochMs(now + (accessTokenSeconds - 1) * 1000);
  expect(await verifyAccessToken(settings, token, lastSecond)).toEqual({
    kind: "user",
    userId,
    sessionId,
    sessionVersion,
    role,
    permissions: new Set(),
    authenticatedAt,
    methods,
  });
  const over = epochMs(now + accessTokenSeconds * 1000);
  await expect(verifyAccessToken(settings, token, over)).rejects.toMatchObject({ code: "token_expired" });
});

test("the first key signs; tokens of the second are good until it is dropped", async () => {
  const token = await signAccessToken(settingsWith(older), grant, now);
  const both = settingsWith(newer, older);
  expect(await verifyAccessToken(both, token, now)).toMatchObject({ userId: grant.userId });
  expect(decodeProtectedHeader(await signAccessToken(both, grant, now)).kid).toBe("newer");
  await expect(verifyAccessToken(settingsWith(newer), token, now)).rejects.toMatchObject({
    code: "invalid_token",
  });
});

test("a rotation leaves no token behind: the next key is published, then signs, then stands alone", async () => {
  const { d: _newer, ...newerPublic } = newer;
  const { d: _older, ...olderPublic } = older;
  const phases = [
    settingsWith(older),
    settingsWith(older, newerPublic),
    settingsWith(newer, olderPublic),
    settingsWith(newer),
  ];
  expect(phases.map((phase) => publicJwks(phase).keys.map(({ kid }) => kid))).toEqual([
    ["older"],
    ["older", "newer"],
    ["newer", "older"],
    ["newer"],
  ]);
  // Isolates change their settings one by one: those of one phase and of the next verify each other's tokens.
  for (const [index, phase] of phases.entries()) {
    const token = await signAccessToken(phase, grant, now);
    for (const other of phases.slice(Math.max(0, index - 1), index + 2))
      expect(await verifyAccessToken(other, token, now)).toMatchObject({ userId: grant.userId });
  }
  const retired = await signAccessToken(settingsWith(older), grant, now);
  await expect(verifyAccessToken(settingsWith(newer), retired, now)).rejects.toMatchObject({
    code: "invalid_token",
  });
});

test("the first key must be able to sign", () => {
  const { d: _, ...publicHalf } = newer;
  expect(() => settingsWith(publicHalf)).toThrow("ACCESS_TOKEN_KEYS is malformed");
});

test("a token of more than 4096 characters is refused unread", async () => {
  await expect(verifyAccessToken(settingsWith(newer), `e.${"A".repeat(4_096)}.s`, now)).rejects.toMatchObject(
    {
      code: "invalid_token",
    },
  );
});

test("the published keys are the public halves", () => {
  const { keys } = publicJwks(settingsWith(newer, older));
  expect(keys.map(({ kid }) => kid)).toEqual(["newer", "older"]);
  for (const key of keys)
    expect(Object.keys(key).sort((a, b) => a.localeCompare(b))).toEqual([
      "alg",
      "crv",
      "kid",
      "kty",
      "use",
      "x",
    ]);
});

function withoutExpiry(claims: JWTPayload): JWTPayload {
  const { exp: _, ...others } = claims;
  return others;
}

type Change = (claims: JWTPayload) => JWTPayload;
const unchanged: Change = (claims) => claims;

test.each<[string, Change, object]>([
  ["another audience", (claims) => ({ ...claims, aud: "elsewhere" }), {}],
  ["another issuer", (claims) => ({ ...claims, iss: "https://elsewhere.example" }), {}],
  ["no expiry", withoutExpiry, {}],
  ["a user id of another form", (claims) => ({ ...claims, sub: "1" }), {}],
  ["an unknown role", (claims) => ({ ...claims, role: "owner" }), {}],
  ["a beginning in the future", (claims) => ({ ...claims, nbf: (claims.iat ?? 0) + 60 }), {}],
  ["a time of issue in the future", (claims) => ({ ...claims, iat: (claims.iat ?? 0) + 60 }), {}],
  ["another type of token", unchanged, { typ: "JWT" }],
])("a token that we signed ourselves but with %s is refused", async (_what, change, header) => {
  const settings = settingsWith(newer);
  const claims = decodeJwt(await signAccessToken(settings, grant, now));
  const key = await importJWK(newer, "EdDSA");
  const token = await new SignJWT(change(claims))
    .setProtectedHeader({ alg: "EdDSA", kid: "newer", typ: "at+jwt", ...header })
    .sign(key);
  await expect(verifyAccessToken(settings, token, now)).rejects.toMatchObject({ code: "invalid_token" });
});
