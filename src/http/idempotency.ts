import { z } from "@hono/zod-openapi";
import { canonicalJson, sha256Hex } from "#core/canonical-json";
import { AppError } from "#core/errors";
import { livesWithOrder } from "#core/ids";
import { actorOf } from "#core/principal";
import type { Context } from "#platform/context";
import { type IdempotentRequest, type Outcome, answerOnce } from "#platform/idempotency";
import type { AppRequest } from "./app-types.ts";
import { idempotencyKey } from "./openapi.ts";
import { markReplay } from "./reply.ts";

/*
 * How a write becomes repeatable, in three steps:
 *
 * 1. The route spreads `acceptsKey` (or `needsKey`) into its header schema and `keyErrors` (or `neededKeyErrors`) into
 *    its problems.
 * 2. Its handler calls the verb through `writeOnce` (or `writeOnceByKey`), with the context that it is given:
 *
 *      const body = await writeOnce(request, { body: input, status: 201 }, (context) => packParcel(context, input));
 *      return request.json(body, 201);
 *
 * 3. The verb knows its answer before it commits and adds `...recordAnswer(context, answer)` (platform/idempotency) to
 *    its transaction: effect and answer are stored together or not at all. A verb whose effect is harmless to repeat,
 *    such as a change guarded by If-Match, may leave that out; its answer is stored after the effect.
 *
 * Secrets never go into an answer that is recorded.
 */

/** Header of a write that may be repeated with its key. */
export const acceptsKey = { "idempotency-key": idempotencyKey.optional() };

/** Header of a write that needs a key; that it is missing has its own error, hence the schema lets it pass. */
export const needsKey = {
  "idempotency-key": idempotencyKey.optional().openapi({ param: { required: true } }),
};

export const keyHeaders = z.object(acceptsKey);
export const neededKeyHeaders = z.object(needsKey);

/** Names a guest by the token that was sent, without keeping the token itself. */
export async function ownerOf(token: string | undefined): Promise<string> {
  return sha256Hex(token ?? "");
}

/** What can be wrong with a key. */
export const keyErrors = ["idempotency_key_reused", "idempotency_conflict"] as const;
export const neededKeyErrors = ["idempotency_key_required", ...keyErrors] as const;

/** What a write asks for besides its path, and the status of its answer. */
type Asked = {
  readonly body?: unknown;
  readonly status: number;
  /** Names a guest by the token it carries, so that two guests never share a scope. */
  readonly owner?: string | undefined;
};

/** Runs a write once per key where the client sent one. @returns the answer's body. */
export async function writeOnce<Body>(
  request: AppRequest,
  asked: Asked,
  write: (context: Context) => Promise<Body>,
): Promise<Body> {
  const idempotent = await idempotentRequestOf(request, asked.body ?? {}, asked.owner);
  return answer(request, { request: idempotent, status: asked.status }, write);
}

/** The same where a key is a must. */
export async function writeOnceByKey<Body>(
  request: AppRequest,
  asked: Asked,
  write: (context: Context, idempotent: IdempotentRequest) => Promise<Body>,
): Promise<Body> {
  const idempotent = await requireIdempotentRequest(request, asked.body ?? {}, asked.owner);
  return answer(request, { request: idempotent, status: asked.status }, (context) =>
    write(context, idempotent),
  );
}

async function answer<Body>(
  request: AppRequest,
  once: { request: IdempotentRequest | undefined; status: number },
  write: (context: Context) => Promise<Body>,
): Promise<Body> {
  const outcome: Outcome<Body> = await answerOnce(request.var.context, once, write);
  markReplay(request, outcome);
  return outcome.body;
}

/**
 * What makes this write repeatable, or undefined when the client sent no key.
 * @param owner names a guest by the token it carries, so that two guests never share a scope.
 */
export async function idempotentRequestOf(
  request: AppRequest,
  body: unknown,
  owner?: string,
): Promise<IdempotentRequest | undefined> {
  const key = request.req.header("idempotency-key");
  if (key === undefined) return undefined;
  if (key.length < 1 || key.length > 255)
    throw new AppError("invalid_request", {
      detail: "Idempotency-Key has 1 to 255 characters.",
      errors: [{ pointer: "/header/idempotency-key", code: "too_big", detail: "1 to 255 characters" }],
    });
  const { principal } = request.var.context;
  const actor = principal.kind === "guest" ? `guest:${owner ?? ""}` : actorOf(principal);
  return {
    scope: `${actor} ${request.req.method} ${request.req.path}`,
    key,
    fingerprint: await sha256Hex(canonicalJson(body)),
    claimId: crypto.randomUUID(),
    beside: Object.values(request.req.param()).find(livesWithOrder),
  };
}

/** The same where a key is a must. */
export async function requireIdempotentRequest(
  request: AppRequest,
  body: unknown,
  owner?: string,
): Promise<IdempotentRequest> {
  const idempotent = await idempotentRequestOf(request, body, owner);
  if (idempotent === undefined)
    throw new AppError("idempotency_key_required", {
      detail:
        "Send an Idempotency-Key header of 1 to 255 characters, new for each request, the same for its retries.",
    });
  return idempotent;
}
