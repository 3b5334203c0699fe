import { SignJWT, errors, importJWK, jwtVerify } from "jose";
import { z } from "zod";
import { AppError } from "#core/errors";
import { type Id, idSchema } from "#core/ids";
import { type Principal, type Proof, type Role, signInMethods } from "#core/principal";
import { type EpochMs, epochMs, secondMs } from "#core/time";
import { AccessTokenKeys, type Settings } from "./env.ts";

/** Life of an access token, in seconds. */
export const accessTokenSeconds = 600;

const algorithm = "EdDSA";
const tokenType = "at+jwt";
const audience = "tradewind";

/** Characters of a token that we look at; ours have about 700. */
const charactersMax = 4_096;

/** Seconds by which the clocks of two of our machines may differ. */
const clockToleranceSeconds = 30;

type Key = CryptoKey | Uint8Array;
type SigningKeys = {
  current: { kid: string; privateKey: Key };
  verifying: ReadonlyMap<string, Key>;
};

const keysBySettings = new WeakMap<Settings, Promise<SigningKeys>>();

function keysOf(settings: Settings): Promise<SigningKeys> {
  const known = keysBySettings.get(settings);
  if (known) return known;
  const keys = importKeys(settings);
  keysBySettings.set(settings, keys);
  return keys;
}

async function importKeys(settings: Settings): Promise<SigningKeys> {
  const jwks = jwksOf(settings);
  const [{ kid, ...current }] = jwks;
  const verifying = jwks.map(async ({ kid, kty, crv, x }): Promise<[string, Key]> => [
    kid,
    await importJWK({ kty, crv, x }, algorithm),
  ]);
  return {
    current: { kid, privateKey: await importJWK(current, algorithm) },
    verifying: new Map(await Promise.all(verifying)),
  };
}

function jwksOf(settings: Settings) {
  return AccessTokenKeys.parse(JSON.parse(settings.ACCESS_TOKEN_KEYS));
}

/** The public keys as a JWK set (RFC 7517): what other services verify our tokens with. */
export function publicJwks(settings: Settings) {
  const keys = jwksOf(settings).map(({ kty, crv, kid, x }) => ({
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
  const { current } = await keysOf(settings);
  const issuedAt = Math.floor(now / secondMs);
  const claims = {
    sid: grant.sessionId,
    role: grant.role,
    ver: grant.sessionVersion,
    auth_time: Math.floor(grant.authenticatedAt / secondMs),
    amr: grant.methods,
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm, kid: current.kid, typ: tokenType })
    .setSubject(grant.userId)
    .setIssuer(settings.PUBLIC_URL)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + accessTokenSeconds)
    .sign(current.privateKey);
}

/**
 * The principal that a token speaks for.
 * @throws AppError token_expired or invalid_token.
 */
export async function verifyAccessToken(settings: Settings, token: string, now: EpochMs): Promise<Principal> {
  if (token.length > charactersMax) throw refusedToken(new Error("the token is too long"));
  const { verifying } = await keysOf(settings);
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = kid === undefined ? undefined : verifying.get(kid);
        if (key === undefined) throw new errors.JWKSNoMatchingKey();
        return key;
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
    // The library looks at `iat` only with a greatest age, which `exp` says already.
    if ((payload.iat ?? 0) > now / 1000 + clockToleranceSeconds)
      throw new Error("the token was issued in the future");
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
    throw refusedToken(error);
  }
}

function refusedToken(cause: unknown): AppError {
  return new AppError("invalid_token", { detail: "Sign in again at POST /auth/login.", cause });
}
