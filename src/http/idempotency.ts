import { AppError } from "#core/errors";
import { canonicalJson, sha256Hex } from "#core/canonical-json";
import { actorOf } from "#core/principal";
import type { IdempotentRequest } from "#platform/idempotency";
import type { AppRequest } from "./app-types.ts";

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
