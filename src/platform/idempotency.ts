import { eq, and, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { jsonb, pgTable, primaryKey, smallint, text, timestamp } from "drizzle-orm/pg-core";
import { z } from "zod";
import { AppError } from "#core/errors";
import { shardOfId } from "#core/ids";
import type { Context } from "./context.ts";
import { type Database, violatesUnique } from "./database.ts";
import { errorFields } from "./log.ts";

const idempotencyRecords = pgTable(
  "idempotency_records",
  {
    scope: text().notNull(),
    key: text().notNull(),
    fingerprint: text().notNull(),
    status: smallint().notNull(),
    body: jsonb().$type<unknown>().notNull(),
    createdAt: timestamp("created_at", { withTimezone: true, mode: "date" }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.scope, table.key] })],
);

/** A write that the client may repeat: whose it is, its key, and a fingerprint of what it asks for. */
export type IdempotentRequest = {
  /** Principal, method and path. */
  readonly scope: string;
  readonly key: string;
  /** SHA-256 over the canonical JSON of the body, hexadecimal. */
  readonly fingerprint: string;
  /** Tells this very request from its twins with the same key. */
  readonly claimId: string;
  /** The id of what is written, where that lives with an order: the answer is kept in that database. */
  readonly beside?: string | undefined;
};

/** The answer to a write: first-hand, or the first answer over again. */
export type Outcome<Body> = { readonly status: number; readonly body: Body; readonly replayed: boolean };

/** The request that a verb is about to answer, as its context carries it. */
export type PendingAnswer = {
  readonly request: IdempotentRequest;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** Whether the verb has taken the recording into its own hands. */
  settled: boolean;
};

/**
 * The seconds for which a running request keeps its twins waiting: most writes need a fraction of one, the slowest wait
 * for a payment provider. A request that died is taken over after it. Should the first be alive yet, both do the work,
 * and only one of them gets to commit.
 */
const claimSeconds = 8;

/**
 * Runs a write once per key: a repetition gets the first answer, and one that comes while the first still runs is told
 * to wait. The verb makes the answer part of its effect by adding {@link recordAnswer} to its transaction; without that
 * the answer is stored afterwards, which is right only for an effect that is harmless to repeat. Refusals and faults
 * are not recorded, since they have no effect: the same key may be tried again.
 * @throws AppError idempotency_key_reused, idempotency_conflict.
 */
export async function answerOnce<Body>(
  context: Context,
  { request, status }: { request: IdempotentRequest | undefined; status: number },
  write: (context: Context) => Promise<Body>,
): Promise<Outcome<Body>> {
  if (request === undefined) return { status, body: await write(context), replayed: false };
  const database = answersAt(context, request);
  const first = answerOfClaim<Body>((await claimStatement(database, request)).rows, request);
  if (first !== undefined) return first;
  const idempotency: PendingAnswer = { request, status, settled: false };
  try {
    const body = await write({ ...context, idempotency });
    if (!idempotency.settled) await recordStatement(database, request, { status, body });
    return { status, body, replayed: false };
  } catch (error) {
    // What stood in the way may be the same request, whose claim had run out and which was faster.
    const faster = await releaseClaim<Body>(context, request);
    if (faster !== undefined) return faster;
    throw error;
  }
}

/**
 * The statement that stores the answer under the request's key, for the transaction of the effect; none where the
 * client sent no key.
 */
export function recordAnswer(context: Context, body: unknown): BatchItem<"pg">[] {
  const { idempotency } = context;
  if (idempotency === undefined) return [];
  idempotency.settled = true;
  const { request, status } = idempotency;
  return [insertIdempotencyRecord(answersAt(context, request), request, { status, body })];
}

/** Keeps an answer that says no more than "not yet" from being recorded: the same key asks again. */
export async function withholdAnswer(context: Context): Promise<void> {
  const { idempotency } = context;
  if (idempotency === undefined) return;
  idempotency.settled = true;
  await releaseClaim(context, idempotency.request);
}

/** The database in which the answer is kept: the one that the effect is written to. */
export function answersAt({ databases }: Context, { beside }: IdempotentRequest): Database {
  return beside === undefined ? databases.primary : databases.orders.ofShard(shardOfId(beside)).database;
}

/** The statement that finds an earlier answer; pass its rows to {@link replayOf}. */
export function findIdempotencyRecord(database: Database, request: IdempotentRequest) {
  return database
    .select()
    .from(idempotencyRecords)
    .where(and(eq(idempotencyRecords.scope, request.scope), eq(idempotencyRecords.key, request.key)));
}

/** The statement that finds an earlier answer, and else claims the key; pass its rows to {@link answerOfClaim}. */
export function claimStatement(database: Database, { scope, key, fingerprint, claimId }: IdempotentRequest) {
  return database.execute(sql`
    with answered as materialized (
      select fingerprint, status, body from idempotency_records where scope = ${scope} and key = ${key}
    ), claimed as (
      insert into idempotency_claims as claim (scope, key, fingerprint, claim_id, leased_until)
      select ${scope}, ${key}, ${fingerprint}, ${claimId}, now() + make_interval(secs => ${claimSeconds})
      where not exists (select 1 from answered)
      on conflict (scope, key) do update
        set fingerprint = excluded.fingerprint, claim_id = excluded.claim_id, leased_until = excluded.leased_until
        where claim.leased_until < now() or claim.claim_id = excluded.claim_id
      returning 1)
    select exists (select 1 from claimed) as claimed, answered.status, answered.body,
      coalesce(answered.fingerprint, running.fingerprint) as fingerprint
    from (select 1) as one
      left join answered on true
      left join idempotency_claims running on running.scope = ${scope} and running.key = ${key}`);
}

const Claim = z.tuple([
  z.object({
    claimed: z.boolean(),
    status: z.int().nullable(),
    body: z.unknown(),
    fingerprint: z.string().nullable(),
  }),
]);

/**
 * The stored answer, or undefined when the key is now this request's own.
 * @throws AppError idempotency_key_reused, idempotency_conflict while a twin is running.
 */
export function answerOfClaim<Body>(
  rows: readonly unknown[],
  request: IdempotentRequest,
): Outcome<Body> | undefined {
  const [{ claimed, status, body, fingerprint }] = Claim.parse(rows);
  if (claimed) return undefined;
  if (fingerprint !== null && fingerprint !== request.fingerprint) throw keyReused();
  // The body is what this very operation stored, hence its type.
  if (status !== null) return { status, body: body as Body, replayed: true };
  throw new AppError("idempotency_conflict", {
    detail:
      "The first request with this Idempotency-Key is still running; send the same request again for its answer.",
    retryAfterSeconds: 1,
  });
}

/**
 * Lets the key go after a write that had no effect.
 * @returns the answer of a twin that was faster, if there is one.
 */
export async function releaseClaim<Body>(
  context: Context,
  request: IdempotentRequest,
): Promise<Outcome<Body> | undefined> {
  try {
    const { rows } = await answersAt(context, request).execute(sql`
      with released as (${deleteClaim(request)})
      select fingerprint, status, body from idempotency_records
      where scope = ${request.scope} and key = ${request.key}`);
    return replayOf<Body>(z.array(StoredAnswer).parse(rows), request);
  } catch (error) {
    if (error instanceof AppError) throw error;
    // The refusal that led here is the answer; the claim ends by itself.
    context.log("warn", "an idempotency claim could not be released", errorFields(error));
    return undefined;
  }
}

function deleteClaim({ scope, key, claimId }: IdempotentRequest) {
  return sql`delete from idempotency_claims where scope = ${scope} and key = ${key} and claim_id = ${claimId}`;
}

/** The statement that stores the answer and ends the claim; it belongs into the transaction of the effect. */
export function insertIdempotencyRecord(
  database: Database,
  request: IdempotentRequest,
  answer: { status: number; body: unknown },
) {
  return database.execute(sql`with released as (${deleteClaim(request)}) ${insertRecord(request, answer)}`);
}

/** The same for an answer whose effect is stored already: a twin's answer stays. */
function recordStatement(
  database: Database,
  request: IdempotentRequest,
  answer: { status: number; body: unknown },
) {
  return database.execute(
    sql`with released as (${deleteClaim(request)}) ${insertRecord(request, answer)} on conflict do nothing`,
  );
}

function insertRecord(
  { scope, key, fingerprint, beside }: IdempotentRequest,
  { status, body }: { status: number; body: unknown },
) {
  const shard = beside === undefined ? null : shardOfId(beside);
  return sql`insert into idempotency_records (scope, key, fingerprint, status, body, shard)
    values (${scope}, ${key}, ${fingerprint}, ${status}, ${JSON.stringify(body ?? null)}::jsonb, ${shard})`;
}

const StoredAnswer = z.object({ fingerprint: z.string(), status: z.int(), body: z.unknown() });

/**
 * The stored answer, or undefined when the request is new. The body is what this very operation stored, hence its type.
 * @throws AppError idempotency_key_reused when the key came with another body.
 */
export function replayOf<Body>(
  rows: readonly z.infer<typeof StoredAnswer>[],
  request: IdempotentRequest,
): Outcome<Body> | undefined {
  const [stored] = rows;
  if (stored === undefined) return undefined;
  if (stored.fingerprint !== request.fingerprint) throw keyReused();
  return { status: stored.status, body: stored.body as Body, replayed: true };
}

/** The refusal of a key that came with another body before. */
export function keyReused(): AppError {
  return new AppError("idempotency_key_reused", {
    detail: "This Idempotency-Key came earlier with another body. Use a new key for a new request.",
  });
}

/** True when another request with the same key committed first: read its answer and replay it. */
export function lostToSameKey(error: unknown): boolean {
  return violatesUnique(error, "idempotency_records_pkey");
}

/** Days for which answers are kept, and rows forgotten in one sweep. */
const answerDays = 30;
const forgetRowsMax = 5_000;

/** Forgets answers that are older than a client may repeat its request, the oldest first, and claims of the dead. */
export async function forgetAnswers(context: Context): Promise<void> {
  const { all: homes } = context.databases.orders;
  const outcomes = await Promise.allSettled(homes.map(({ database }) => forgetAnswersOf(database)));
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

async function forgetAnswersOf(database: Database): Promise<void> {
  await database.batch([
    database.execute(sql`
      delete from idempotency_records where (scope, key) in (
        select scope, key from idempotency_records where created_at < now() - make_interval(days => ${answerDays})
        order by created_at limit ${forgetRowsMax})`),
    database.execute(sql`
      delete from idempotency_claims where (scope, key) in (
        select scope, key from idempotency_claims where leased_until < now() - interval '1 minute'
        order by leased_until limit ${forgetRowsMax})`),
  ]);
}
