import { z } from "zod";
import { InvalidParameters } from "./failure.ts";
import type { FormFields } from "./form-body.ts";

const AMOUNT_MINOR_MAX = 99_999_999;

/** Reads a call's fields, or throws the error that Stripe gives for the first field that is wrong. */
export function parseParameters<Schema extends z.ZodType>(
  schema: Schema,
  fields: FormFields,
): z.infer<Schema> {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue === undefined) throw new Error("zod refused the parameters without naming an issue.");
  throw invalidParameters(issue, fields);
}

function invalidParameters(issue: z.core.$ZodIssue, fields: FormFields): InvalidParameters {
  if (issue.code === "unrecognized_keys") {
    const param = bracketed([...issue.path, issue.keys[0] ?? ""]);
    return refusal(`Received unknown parameter: ${param}`, { code: "parameter_unknown", param });
  }
  const param = bracketed(issue.path);
  const value = valueAt(fields, issue.path);
  if (value === undefined) {
    return refusal(`Missing required param: ${param}.`, { code: "parameter_missing", param });
  }
  if (issue.code === "custom") {
    const code: unknown = issue.params?.["code"];
    return refusal(issue.message, typeof code === "string" ? { code, param } : { param });
  }
  if (issue.code === "invalid_value") {
    return refusal(`Invalid ${param}: must be one of ${issue.values.map(String).join(", ")}`, { param });
  }
  return refusal(`Invalid ${param}`, { param });
}

function refusal(message: string, details: { code?: string; param: string }): InvalidParameters {
  return new InvalidParameters(400, { type: "invalid_request_error", message, ...details });
}

function bracketed(path: readonly PropertyKey[]): string {
  const [head = "", ...rest] = path.map(String);
  return head + rest.map((step) => `[${step}]`).join("");
}

function valueAt(fields: FormFields, path: readonly PropertyKey[]): unknown {
  let value: unknown = fields;
  for (const step of path) {
    value = typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined;
  }
  return value;
}

export const wholeNumber = z
  .string()
  .refine((text) => /^-?\d{1,15}$/.test(text), {
    error: (issue) => `Invalid integer: ${String(issue.input)}`,
    params: { code: "parameter_invalid_integer" },
  })
  .transform(Number);

export const amountMinor = wholeNumber
  .refine((amount) => amount >= 1, {
    error: "This value must be greater than or equal to 1.",
    params: { code: "parameter_invalid_integer" },
  })
  .refine((amount) => amount <= AMOUNT_MINOR_MAX, {
    error: "Amount must be no more than $999,999.99",
    params: { code: "amount_too_large" },
  });

export const truth = z.enum(["true", "false"]).transform((text) => text === "true");

export const currencyCode = z
  .string()
  .transform((text) => text.toLowerCase())
  .refine((code) => Intl.supportedValuesOf("currency").includes(code.toUpperCase()), {
    error: (issue) => `Invalid currency: ${String(issue.input)}.`,
  });

/** The empty string unsets one key, or all of them when it stands for the whole. */
export const metadata = z.union([z.literal(""), z.record(z.string(), z.string())]);

export function mergeMetadata(
  current: Record<string, string>,
  change: z.infer<typeof metadata> | undefined,
): Record<string, string> {
  if (change === undefined) return current;
  if (change === "") return {};
  return Object.fromEntries(Object.entries({ ...current, ...change }).filter(([, value]) => value !== ""));
}

const postalAddress = z.partialRecord(
  z.enum(["city", "country", "line1", "line2", "postal_code", "state"]),
  z.string(),
);

export const address = postalAddress.transform((given) => ({
  city: given.city ?? null,
  country: given.country ?? null,
  line1: given.line1 ?? null,
  line2: given.line2 ?? null,
  postal_code: given.postal_code ?? null,
  state: given.state ?? null,
}));

export const shipping = z
  .strictObject({
    address,
    name: z.string(),
    carrier: z.string().optional(),
    phone: z.string().optional(),
    tracking_number: z.string().optional(),
  })
  .transform((given) => ({
    address: given.address,
    name: given.name,
    carrier: given.carrier ?? null,
    phone: given.phone ?? null,
    tracking_number: given.tracking_number ?? null,
  }));

/** Accepted on every call: which ids to answer as whole objects. */
export const expandable = { expand: z.array(z.string()).optional() };

/** Parameters that Stripe knows and this simulator accepts without acting on them. */
export function accepted<Name extends string>(...names: Name[]): Record<Name, z.ZodOptional<z.ZodUnknown>> {
  return Object.fromEntries(names.map((name) => [name, z.unknown().optional()])) as Record<
    Name,
    z.ZodOptional<z.ZodUnknown>
  >;
}
