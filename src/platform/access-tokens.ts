import { SignJWT, errors, importJWK, jwtVerify } from "jose";
import { z } from "zod";
import { AppError } from "#core/errors";
import { type Id, idSchema } from "#core/ids";
import { type Principal, type Proof, type Role, signInMethods } from "#core/principal";
import { type EpochMs, epochMs, secondMs } from "#core/time";
import type { Settings } from "./env.ts";

/** Life of an access token, in seconds. */
export const accessTokenSeconds = 600;

const algorithm = "EdDSA";
const tokenType = "at+jwt";
const audience = "tradewind";

const PrivateJwk = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  kid: z.string().min(1),
  x: z.string(),
  d: z.string(),
});
const PrivateJwks = z.array(PrivateJwk).min(1);

type SigningKey = { kid: string; privateKey: CryptoKey | Uint8Array; publicKey: CryptoKey | Uint8Array };

const keysBySettings = new WeakMap<Settings, Promise<SigningKey[]>>();

async function keysOf(settings: Settings): Promise<SigningKey[]> {
  const known = keysBySettings.get(settings);
  if (known) return known;
  const jwks = privateJwksOf(settings);
  const keys = Promise.all(
    jwks.map(async ({ d, ...publicJwk }) => ({
      kid: publicJwk.kid,
      privateKey: await importJWK({ ...publicJwk, d }, algorithm),
      publicKey: await importJWK(publicJwk, algorithm),
    })),
  );
  keysBySettings.set(settings, keys);
  return keys;
}

function privateJwksOf(settings: Settings) {
  return PrivateJwks.parse(JSON.parse(settings.ACCESS_TOKEN_KEYS));
}

/** The public keys as a JWK set (RFC 7517): what other services verify our tokens with. */
export function publicJwks(settings: Settings) {
  const keys = privateJwksOf(settings).map(({ kty, crv, kid, x }) => ({
    kty,
    crv,
    kid,
    x,
    use: "sig",
    alg: algorithm,
  }));
  return { keys };
}

const Claims = z.object({
  sub: idSchema("user"),
  sid: idSchema("session"),
  role: z.enum(["customer", "staff", "admin"]),
  ver: z.int(),
  auth_time: z.int(),
  amr: z.array(z.enum(signInMethods)),
});

export type AccessGrant = {
  userId: Id<"user">;
  sessionId: Id<"session">;
  role: Role;
  sessionVersion: number;
} & Proof;

/** Signs a token with the newest key: EdDSA, with `kid`, `typ`, `iss`, `aud`, `iat` and `exp`. */
export async function signAccessToken(settings: Settings, grant: AccessGrant, now: EpochMs): Promise<string> {
  const [key] = await keysOf(settings);
  if (key === undefined) throw new Error("ACCESS_TOKEN_KEYS holds no key");
  const issuedAt = Math.floor(now / secondMs);
  const claims = {
    sid: grant.sessionId,
    role: grant.role,
    ver: grant.sessionVersion,
    auth_time: Math.floor(grant.authenticatedAt / secondMs),
    amr: grant.methods,
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm, kid: key.kid, typ: tokenType })
    .setSubject(grant.userId)
    .setIssuer(settings.PUBLIC_URL)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + accessTokenSeconds)
    .sign(key.privateKey);
}

/**
 * The principal that a token speaks for.
 * @throws AppError token_expired or invalid_token.
 */
export async function verifyAccessToken(settings: Settings, token: string, now: EpochMs): Promise<Principal> {
  const keys = await keysOf(settings);
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = keys.find((candidate) => candidate.kid === kid);
        if (key === undefined) throw new errors.JWKSNoMatchingKey();
        return key.publicKey;
      },
      {
        algorithms: [algorithm],
        typ: tokenType,
        issuer: settings.PUBLIC_URL,
        audience,
        currentDate: new Date(now),
        requiredClaims: ["exp", "iat"],
      },
    );
    const { sub, sid, role, ver, auth_time: authTime, amr } = Claims.parse(payload);
    const authenticatedAt = epochMs(authTime * secondMs);
    return {
      kind: "user",
      userId: sub,
      sessionId: sid,
      sessionVersion: ver,
      role,
      permissions: new Set(),
      authenticatedAt,
      methods: amr,
    };
  } catch (error) {
    if (error instanceof errors.JWTExpired)
      throw new AppError("token_expired", { detail: "Refresh it at POST /auth/refresh.", cause: error });
    throw new AppError("invalid_token", { detail: "Sign in again at POST /auth/login.", cause: error });
  }
}
