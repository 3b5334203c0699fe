import { z } from "zod";

/** The part of a JSON Schema that the page shows. */
export type Schema = {
  $ref?: string | undefined;
  type?: string | string[] | undefined;
  format?: string | undefined;
  description?: string | undefined;
  enum?: unknown[] | undefined;
  const?: unknown;
  example?: unknown;
  default?: unknown;
  properties?: Record<string, Schema> | undefined;
  required?: string[] | undefined;
  items?: Schema | undefined;
  oneOf?: Schema[] | undefined;
  anyOf?: Schema[] | undefined;
  allOf?: Schema[] | undefined;
  minimum?: number | undefined;
  maximum?: number | undefined;
  minLength?: number | undefined;
  maxLength?: number | undefined;
  minItems?: number | undefined;
  maxItems?: number | undefined;
  pattern?: string | undefined;
};

const Schema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    format: z.string().optional(),
    description: z.string().optional(),
    enum: z.array(z.unknown()).optional(),
    const: z.unknown().optional(),
    example: z.unknown().optional(),
    default: z.unknown().optional(),
    properties: z.record(z.string(), Schema).optional(),
    required: z.array(z.string()).optional(),
    items: Schema.optional(),
    oneOf: z.array(Schema).optional(),
    anyOf: z.array(Schema).optional(),
    allOf: z.array(Schema).optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    minLength: z.number().optional(),
    maxLength: z.number().optional(),
    minItems: z.number().optional(),
    maxItems: z.number().optional(),
    pattern: z.string().optional(),
  }),
);

const Parameter = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "header", "cookie"]),
  required: z.boolean().default(false),
  description: z.string().optional(),
  schema: Schema.default({}),
});
export type Parameter = z.infer<typeof Parameter>;

const Content = z.record(z.string(), z.object({ schema: Schema.optional() })).default({});

const Operation = z.object({
  tags: z.array(z.string()).default([]),
  summary: z.string().default(""),
  description: z.string().optional(),
  deprecated: z.boolean().default(false),
  security: z.array(z.record(z.string(), z.array(z.string()))).default([]),
  parameters: z.array(Parameter).default([]),
  requestBody: z.object({ required: z.boolean().default(false), content: Content }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string().default(""), content: Content })),
});

const methods = ["get", "post", "put", "patch", "delete"] as const;
type Method = (typeof methods)[number];

/** What the page needs of an OpenAPI document. */
export const ApiDocument = z.object({
  info: z.object({ title: z.string(), version: z.string() }),
  tags: z.array(z.object({ name: z.string(), description: z.string().default("") })).default([]),
  paths: z.record(z.string(), z.partialRecord(z.enum(methods), Operation)).default({}),
  components: z.object({ schemas: z.record(z.string(), Schema).default({}) }).default({ schemas: {} }),
});
export type ApiDocument = z.infer<typeof ApiDocument>;

export type DescribedOperation = z.infer<typeof Operation> & { method: Method; path: string; anchor: string };

export type OperationGroup = {
  name: string;
  anchor: string;
  description: string;
  operations: DescribedOperation[];
};

/** The operations under their first tag, in the order of the tags. */
export function groupOperations(document: ApiDocument): OperationGroup[] {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ ...operation, method, path, anchor: anchorOf(method, path) }];
    }),
  );
  const described = new Set(document.tags.map(({ name }) => name));
  const others = operations.map(({ tags }) => tags[0] ?? "other").filter((name) => !described.has(name));
  const tags = [...document.tags, ...[...new Set(others)].map((name) => ({ name, description: "" }))];
  return tags
    .map((tag) => ({
      ...tag,
      anchor: anchorOf("tag", tag.name),
      operations: operations.filter(({ tags }) => (tags[0] ?? "other") === tag.name),
    }))
    .filter((group) => group.operations.length > 0);
}

function anchorOf(kind: string, name: string): string {
  return `${kind}-${name.replaceAll(/[^a-z0-9]+/gi, "-").replaceAll(/^-|-$/g, "")}`;
}

const refPrefix = "#/components/schemas/";

/** The schema behind a reference, with the name under which it is described. */
export function resolve(document: ApiDocument, schema: Schema): { name: string | undefined; schema: Schema } {
  if (schema.$ref === undefined) return { name: undefined, schema };
  const name = schema.$ref.slice(refPrefix.length);
  return { name, schema: document.components.schemas[name] ?? {} };
}
