import { z } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { AppError, type ErrorCode, errorCodes } from "#core/errors";
import { newId } from "#core/ids";
import { currentTime } from "#core/time";
import type { Context } from "#platform/context";
import { databaseErrorOf, isMoving, isUnreachable, lostRace } from "#platform/database";
import { MisconfiguredError } from "#platform/env";
import { createLog, errorFields } from "#platform/log";
import type { AppRequest } from "./app-types.ts";

/** RFC 9457 problem details, as every error answer has them. */
export const Problem = z
  .object({
    type: z.string().openapi({ example: "https://tradewind.dev/problems/insufficient_stock" }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().openapi({ description: "The path of the request." }),
    code: z.string().openapi({ description: "Stable, never renamed; branch on this." }),
    request_id: z.string(),
    retryable: z.boolean().openapi({ description: "Whether the same request may succeed later." }),
    errors: z.array(z.object({ pointer: z.string(), code: z.string(), detail: z.string() })).optional(),
  })
  .loose()
  .openapi("Problem");

const typeBase = "https://tradewind.dev/problems/";

/** The one place that makes error responses. */
export function problemResponse(request: AppRequest, error: AppError): Response {
  const { status, title, retryable } = errorCodes[error.code];
  const { detail, errors, members, retryAfterSeconds } = error.extras;
  const document = {
    type: typeBase + error.code,
    title,
    status,
    detail: detail ?? `${title}.`,
    instance: request.req.path,
    code: error.code,
    request_id: requestIdOf(request),
    retryable,
    ...(errors === undefined ? {} : { errors }),
    ...members,
  };
  const headers: Record<string, string> = {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
  };
  if (retryAfterSeconds !== undefined) headers["retry-after"] = String(retryAfterSeconds);
  if (status === 401) headers["www-authenticate"] = challengeFor(error.code);
  return new Response(JSON.stringify(document), { status, headers });
}

/** RFC 6750: one code for a bad token, and none where no token was sent; RFC 9470: one for too old a proof. */
function challengeFor(code: ErrorCode): string {
  if (code === "step_up_required") return 'Bearer error="insufficient_user_authentication"';
  return code === "token_expired" || code === "invalid_token" ? 'Bearer error="invalid_token"' : "Bearer";
}

/** Turns whatever was thrown into a problem; faults of ours are logged and reported, never shown. */
export function respondToError(error: unknown, request: AppRequest): Response {
  const refusal = refusalOf(error);
  if (errorCodes[refusal.code].status >= 500) recordFault(request, error, refusal.code);
  return problemResponse(request, refusal);
}

function recordFault(request: AppRequest, error: unknown, code: ErrorCode): void {
  const context = contextOf(request);
  const log = context?.log ?? createLog({ request_id: requestIdOf(request) });
  log("error", "request failed", { ...errorFields(error), code });
  context?.reportError(error, { request_id: context.requestId, code });
}

/** None when making the context is what failed. */
function contextOf(request: AppRequest): Context | undefined {
  return request.var.context;
}

const idsWithoutContext = new WeakMap<AppRequest, string>();

function requestIdOf(request: AppRequest): string {
  const id =
    contextOf(request)?.requestId ?? idsWithoutContext.get(request) ?? newId("request", currentTime());
  idsWithoutContext.set(request, id);
  return id;
}

function refusalOf(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof HTTPException) return refusalOfHttpException(error);
  if (error instanceof MisconfiguredError)
    return new AppError("misconfigured", {
      detail: `Missing or malformed: ${error.bindings.join(", ")}.`,
      members: { bindings: error.bindings },
      retryAfterSeconds: 60,
    });
  if (lostRace(error)) return new AppError("conflict", { detail: "Read the resource again and repeat." });
  const databaseFault = databaseErrorOf(error);
  // Of all that refer to a user, only what the user adds can miss it: the account was erased, the access token lives on.
  if (databaseFault?.code === "23503" && databaseFault.constraint?.endsWith("_user_id_fkey") === true)
    return new AppError("unauthenticated", { detail: "This account does not exist any more." });
  // See require_order in the migrations: the month was archived between the reading and the writing.
  if (databaseFault?.code === "TW005")
    return new AppError("order_archived", { detail: "The order was archived just now; it can be read." });
  if (isMoving(error))
    return new AppError("shard_moving", {
      detail: "This order is on its way to another database. Try again.",
      retryAfterSeconds: 5,
    });
  if (isUnreachable(error))
    return new AppError("dependency_unavailable", {
      detail: "The database is not answering. Try again.",
      retryAfterSeconds: 2,
    });
  return new AppError("internal_error", {
    detail: "The fault was recorded; quote the request id when you report it.",
  });
}

function refusalOfHttpException(exception: HTTPException): AppError {
  const codeOfStatus: Partial<Record<number, ErrorCode>> = {
    400: "malformed_json",
    401: "unauthenticated",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
  };
  const code = codeOfStatus[exception.status] ?? "internal_error";
  return new AppError(code, code === "internal_error" ? {} : { detail: exception.message });
}

/** Turns a failed validation into `invalid_request`, each fault at its JSON pointer. */
export function refuseInvalid(target: string, issues: readonly z.core.$ZodIssue[]): AppError {
  const errors = issues.flatMap(alternativesOf).flatMap((issue) => {
    const path =
      issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    return path.map((segments) => ({
      pointer: pointerTo(target, segments),
      code: issue.code === "unrecognized_keys" ? "unknown_field" : issue.code,
      detail: issue.message,
    }));
  });
  return new AppError("invalid_request", {
    detail: `${errors.length} ${errors.length === 1 ? "value is" : "values are"} not as described; see errors.`,
    errors,
  });
}

/** Where one of several shapes was possible, what is wrong with those that were meant, or with each if none was. */
function alternativesOf(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
  const meant = issue.errors.filter((faults) => !faults.some(isOfAnotherType));
  const told = meant.length === 0 ? issue.errors : meant;
  return told.flat().map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

function isOfAnotherType({ code, path }: z.core.$ZodIssue): boolean {
  return code === "invalid_type" && path.length === 0;
}

function pointerTo(target: string, segments: readonly PropertyKey[]): string {
  const prefix = target === "json" ? "" : `/${target}`;
  const escaped = segments.map(
    (segment) => `/${String(segment).replaceAll("~", "~0").replaceAll("/", "~1")}`,
  );
  return prefix + escaped.join("");
}
