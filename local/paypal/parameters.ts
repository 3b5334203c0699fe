import type { z } from "zod";
import { invalidBody, type PaypalFailure } from "./failure.ts";

/** Reads a call's body, or throws the error that PayPal gives for the first field that is wrong. */
export function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue === undefined) throw new Error("zod refused the body without naming an issue.");
  throw refusalOf(issue, body);
}

function refusalOf(issue: z.core.$ZodIssue, body: unknown): PaypalFailure {
  const field = `/${issue.path.map(String).join("/")}`;
  const value = valueAt(body, issue.path);
  if (value === undefined) {
    return invalidBody("MISSING_REQUIRED_PARAMETER", {
      field,
      description: "A required parameter is missing.",
    });
  }
  const shown = typeof value === "string" ? { field, value } : { field };
  if (issue.code === "too_big" || issue.code === "too_small")
    return invalidBody("INVALID_STRING_LENGTH", shown);
  if (issue.code === "invalid_value") return invalidBody("INVALID_PARAMETER_VALUE", shown);
  return invalidBody("INVALID_PARAMETER_SYNTAX", shown);
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  let value = body;
  for (const step of path) {
    value = typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined;
  }
  return value;
}
