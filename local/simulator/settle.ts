import { setTimeout as pause } from "node:timers/promises";
import { fingerprintOfRequest, recallAnswer, rememberAnswer } from "./answer-store.ts";
import type { Clock } from "./clock.ts";
import { inTransaction } from "../sqlite-transaction.ts";
import type { FaultSettings } from "./faults.ts";
import type { DatabaseSync } from "node:sqlite";

export type Reply = { status: number; body: object };
export type Settled = { status: number; body: string; isReplay: boolean };

/** One API call as far as its being settled once and for all is concerned. */
export type Undertaking = {
  method: string;
  path: string;
  fields: unknown;
  /** Given by the caller so that the call may be repeated without a second effect. */
  idempotency: { key: string; rememberedSeconds: number } | undefined;
  /** The work itself; it runs inside a transaction and never waits. */
  execute: () => Reply;
};

/** How a provider words what all providers do. */
export type Manners = {
  /** The body of its 500s. */
  breakdown: () => object;
  /** The answer to a failure of `execute` that is kept under the key like any other; nothing for those that are not. */
  rememberedReply: (failure: unknown) => Reply | undefined;
  /** What a call is refused with whose key came with another request before. */
  keyReused: (key: string) => Error;
  /** What a call is refused with whose key's first request still runs. */
  keyInUse: (key: string) => Error;
};

type Workshop = { database: DatabaseSync; faults: FaultSettings; clock: Clock };

export type Settle = (undertaking: Undertaking) => Promise<Settled>;

/** Carries out calls: once per idempotency key, and broken or late where the faults say so. */
export function createSettle(workshop: Workshop, manners: Manners, beforehand: () => void): Settle {
  const keysInProgress = new Set<string>();
  return async (undertaking) => {
    const key = undertaking.idempotency?.key;
    if (key !== undefined) {
      if (keysInProgress.has(key)) throw manners.keyInUse(key);
      keysInProgress.add(key);
    }
    try {
      await pause(workshop.faults.current().delay_ms);
      beforehand();
      return settle(workshop, manners, undertaking);
    } finally {
      if (key !== undefined) keysInProgress.delete(key);
    }
  };
}

/** The effect, its events and the answer under the idempotency key are kept together or not at all. */
function settle(workshop: Workshop, manners: Manners, undertaking: Undertaking): Settled {
  const { database, clock } = workshop;
  const { method, path, fields, idempotency } = undertaking;
  const nowSeconds = clock.nowSeconds();
  const fingerprint = fingerprintOfRequest(method, path, fields);
  if (idempotency !== undefined) {
    const recalled = recallAnswer(database, idempotency.key, nowSeconds);
    if (recalled !== undefined && recalled.fingerprint !== fingerprint)
      throw manners.keyReused(idempotency.key);
    if (recalled !== undefined) return { status: recalled.status, body: recalled.body, isReplay: true };
  }
  const remember = (reply: Reply): Settled => {
    const answer = { status: reply.status, body: JSON.stringify(reply.body) };
    if (idempotency !== undefined) {
      const { key, rememberedSeconds } = idempotency;
      rememberAnswer(
        database,
        { key, expiresAt: nowSeconds + rememberedSeconds },
        { ...answer, fingerprint },
      );
    }
    return { ...answer, isReplay: false };
  };
  try {
    return executeWithFaults(workshop, { undertaking, breakdown: manners.breakdown, remember });
  } catch (failure) {
    const reply = manners.rememberedReply(failure);
    if (reply === undefined) throw failure;
    return remember(reply);
  }
}

type Execution = {
  undertaking: Undertaking;
  breakdown: Manners["breakdown"];
  remember: (reply: Reply) => Settled;
};

function executeWithFaults(
  { database, faults }: Workshop,
  { undertaking, breakdown, remember }: Execution,
): Settled {
  const { method, path, fields, idempotency, execute } = undertaking;
  const content = `${idempotency?.key} ${JSON.stringify(fields)}`;
  const fault = faults.breaksDown({ method, path, content });
  if (fault === undefined) return inTransaction(database, () => remember(execute()));
  if (fault.effect) inTransaction(database, execute);
  const reply = { status: 500, body: breakdown() };
  return fault.stored
    ? remember(reply)
    : { status: reply.status, body: JSON.stringify(reply.body), isReplay: false };
}
