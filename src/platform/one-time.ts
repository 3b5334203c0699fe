import type { z } from "zod";
import { sha256Hex } from "#core/canonical-json";
import { AppError } from "#core/errors";
import type { Context } from "./context.ts";
import { randomSecret } from "./signed-tokens.ts";

/**
 * Something that is kept for a few minutes under a secret that one client holds, and may be taken once: a sign-in that
 * is under way, a challenge, a code to exchange. The cache keeps it, under a hash of the secret; if the cache
 * loses it, the client begins again.
 */
export type OneTime<Schema extends z.ZodType> = {
  /** Stable: part of the key. What was kept under one name is never found under another. */
  readonly name: string;
  readonly schema: Schema;
  readonly lifeSeconds: number;
};

/** Keeps the contents, and returns the secret that they are found under. */
export async function keepOneTime<Schema extends z.ZodType>(
  context: Context,
  kind: OneTime<Schema>,
  contents: z.input<Schema>,
): Promise<string> {
  const secret = randomSecret();
  const key = await keyOf(kind.name, secret);
  await context.cache.set(key, JSON.stringify(contents), { ex: kind.lifeSeconds }).catch(refuseAway);
  return secret;
}

/** What is kept under this secret, left in its place; undefined when it was taken, has expired or never was. */
export async function peekOneTime<Schema extends z.ZodType>(
  context: Context,
  kind: OneTime<Schema>,
  secret: string,
): Promise<z.output<Schema> | undefined> {
  const kept = await context.cache.get<unknown>(await keyOf(kind.name, secret)).catch(refuseAway);
  return kept === null ? undefined : kind.schema.parse(kept);
}

/** The same, taken away: of any number of requests at once, one gets it. */
export async function takeOneTime<Schema extends z.ZodType>(
  context: Context,
  kind: OneTime<Schema>,
  secret: string,
): Promise<z.output<Schema> | undefined> {
  const kept = await context.cache.getdel<unknown>(await keyOf(kind.name, secret)).catch(refuseAway);
  return kept === null ? undefined : kind.schema.parse(kept);
}

async function keyOf(name: string, secret: string): Promise<string> {
  return `one-time:${name}:${await sha256Hex(secret)}`;
}

function refuseAway(cause: unknown): never {
  throw new AppError("dependency_unavailable", {
    detail: "Signing in this way is not possible at the moment. Try again.",
    retryAfterSeconds: 2,
    cause,
  });
}
