import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { TypedResponse } from "hono";
import { type ErrorCode, errorCodes } from "#core/errors";
import type { App, AppRequest } from "./app-types.ts";
import { Problem, refuseInvalid } from "./problem.ts";

/** A router of one feature; a request that fails validation becomes `invalid_request`. */
export function createRouter(): App {
  return new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) throw refuseInvalid(result.target, result.error.issues);
    },
  });
}

/** A JSON answer in a route's description. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { "application/json": { schema } } };
}

/** An answer whose JSON stands written already. What it holds is known to the types alone, as it is of every answer. */
export function writtenJson<Value>(
  request: AppRequest,
  text: string,
): Response & TypedResponse<Value, 200, "json"> {
  request.header("Content-Type", "application/json");
  const response: Response = request.body(text, 200);
  return response as Response & TypedResponse<Value, 200, "json">;
}

/** A JSON request body in a route's description. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { "application/json": { schema } } };
}

/** A JSON request body that says nothing that must be said: none is an empty object. */
export function optionalJsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: false, content: { "application/json": { schema } } };
}

/** What can be wrong with a body before its fields are looked at; a route with a JSON body spreads them. */
export const bodyErrors = ["malformed_json", "body_too_large", "unsupported_media_type"] as const;

/** The errors of a route, by status, from their stable codes. The ones that every route can give are added. */
export function problems(...codes: ErrorCode[]) {
  const everywhere: ErrorCode[] = ["invalid_request", "internal_error", "dependency_unavailable"];
  const byStatus: Record<number, ErrorCode[]> = {};
  for (const code of new Set([...codes, ...everywhere])) {
    const { status } = errorCodes[code];
    byStatus[status] = [...(byStatus[status] ?? []), code];
  }
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, list]) => [
      status,
      {
        description: list.map((code) => `\`${code}\`: ${errorCodes[code].title}`).join("; "),
        content: { "application/problem+json": { schema: Problem } },
      },
    ]),
  );
}

/** Of the resource that a write changes; what an ETag can be and what is none is told apart in requiredVersion. */
export const ifMatchHeader = z.string().max(255).optional().openapi({
  description: "The version that was read.",
  example: '"v7"',
});

/** Header schemas that several routes share. */
export const idempotencyKey = z.string().min(1).max(255).openapi({
  description: "Repeat a request with the same key and it takes effect once.",
  example: "b2f1c0de",
});
