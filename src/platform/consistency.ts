import { z } from "zod";
import { type TransactionId, transactionIdOf } from "#core/transaction-id";
import { type EpochMs, minuteMs } from "#core/time";
import type { Settings } from "./env.ts";
import { openToken, signToken } from "./signed-tokens.ts";

/**
 * What a reader has to see: the writes of these transactions. Without any, whatever the primary shows: the answer was
 * the repetition of an earlier one, whose transaction is not known any more.
 */
export type Seeing = { readonly transactions: readonly TransactionId[] };

/**
 * For so long a token is heeded. By then every copy shows the write: replicas that are further behind are not asked, and
 * the sweep has told the caches a few times over.
 */
export const consistencyTokenLifeMs = 5 * minuteMs;

const Payload = z.tuple([z.int(), z.array(z.string().transform(transactionIdOf))]);

export function signConsistencyToken(settings: Settings, { transactions }: Seeing, now: EpochMs) {
  return signToken(settings, "consistency", JSON.stringify([now, transactions]));
}

/** What the token asks for; "expired" once nothing depends on it, undefined when it is none of ours. */
export async function openConsistencyToken(
  settings: Settings,
  token: string,
  now: EpochMs,
): Promise<Seeing | "expired" | undefined> {
  const text = await openToken(settings, "consistency", token);
  if (text === undefined) return undefined;
  const [issuedAt, transactions] = Payload.parse(JSON.parse(text));
  return now - issuedAt > consistencyTokenLifeMs ? "expired" : { transactions };
}
