import { sha256Hex } from "#core/canonical-json";
import { AppError } from "#core/errors";
import { type Id, idSchema } from "#core/ids";
import type { Settings } from "#platform/env";
import { deriveSecret, openToken, randomSecret, signToken } from "#platform/signed-tokens";

/**
 * A refresh token names its session, carries 256 secret bits and is signed by us. The database keeps only a hash of
 * the secret. The signature lets garbage be refused without asking the database, and proves of a token that is
 * no longer the current one that we issued it: it is being used again, and the session must end.
 */
export type RefreshToken = { sessionId: Id<"session">; secret: string };

const sessionIdSchema = idSchema("session");

export function newRefreshToken(sessionId: Id<"session">): RefreshToken {
  return { sessionId, secret: randomSecret() };
}

/**
 * The token that follows this one. It is computed, not drawn, so that tabs that refresh at once all get the same
 * successor without it being stored anywhere; only we can compute it, since it is keyed.
 */
export async function successorOf(settings: Settings, token: RefreshToken): Promise<RefreshToken> {
  const secret = await deriveSecret(settings, "refresh-successor", textOf(token));
  return { sessionId: token.sessionId, secret };
}

export function hashOf(token: RefreshToken): Promise<string> {
  return sha256Hex(textOf(token));
}

export function writeRefreshToken(settings: Settings, token: RefreshToken): Promise<string> {
  return signToken(settings, "refresh", textOf(token));
}

/** @throws AppError invalid_token when we never issued it. */
export async function readRefreshToken(settings: Settings, text: string): Promise<RefreshToken> {
  const opened = await openToken(settings, "refresh", text);
  const [id, secret] = opened?.split(".") ?? [];
  const sessionId = sessionIdSchema.safeParse(id);
  if (!sessionId.success || secret === undefined) throw refusedRefresh();
  return { sessionId: sessionId.data, secret };
}

/** One refusal for whatever is wrong with a refresh token. */
export function refusedRefresh(): AppError {
  return new AppError("invalid_token", {
    detail: "The refresh token is unknown, used up, expired or revoked. Sign in again at POST /auth/login.",
  });
}

function textOf({ sessionId, secret }: RefreshToken): string {
  return `${sessionId}.${secret}`;
}
