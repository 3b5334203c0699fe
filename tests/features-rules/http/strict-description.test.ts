import { expect, test } from "vitest";
import { z } from "zod";
import { createApp } from "../../../src/app.ts";

/** What a schema of JSON Schema says, as far as it bounds values. */
type Schema = { readonly [keyword: string]: unknown };

const Schema = z.record(z.string(), z.unknown());
const Schemas = z.array(Schema);
const Media = z.object({ schema: Schema });
const Parameter = z.object({ name: z.string(), in: z.string(), schema: Schema });
const Operation = z.object({
  parameters: z.array(Parameter).default([]),
  requestBody: z.object({ content: z.record(z.string(), Media) }).optional(),
});
const Description = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), Schema) }),
});

const info = { openapi: "3.1.0", info: { title: "Tradewind", version: "1" } };
const app = createApp(() => Promise.resolve());
const { paths, components } = Description.parse(
  JSON.parse(JSON.stringify(app.getOpenAPI31Document(info))) as unknown,
);

/** Formats whose texts are of bounded length. */
const boundedFormats = new Set(["date-time", "date", "uuid"]);

/** Browsers make these, and newer ones add members, which are left out; the limits of a body bound them. */
const madeByBrowsers = new Set(["NewPasskeyCredential", "PasskeyAnswer"]);

/** Everything in a schema that leaves open how much a client may send, at its place. */
function gapsIn(schema: Schema, place: string, seen: ReadonlySet<string> = new Set()): string[] {
  const reference = z.string().optional().parse(schema["$ref"]);
  if (reference !== undefined) {
    const name = reference.split("/").at(-1) ?? "";
    const referred = components.schemas[name];
    if (madeByBrowsers.has(name)) return [];
    if (referred === undefined) return [`${place} refers to nothing`];
    return seen.has(name) ? [] : gapsIn(referred, place, new Set([...seen, name]));
  }
  if ("const" in schema || "enum" in schema) return [];
  const inner = ["oneOf", "anyOf", "allOf"].flatMap((keyword) =>
    Schemas.default([])
      .parse(schema[keyword])
      .map((each, index) => ({ each, index, keyword }))
      .filter(({ each }) => !(keyword === "allOf" ? isRemark(each) : isDemand(each))),
  );
  const ofInner = inner.flatMap(({ each, index, keyword }) =>
    gapsIn(each, `${place}/${keyword}/${index}`, seen),
  );
  const types = z
    .union([z.string().transform((type) => [type]), z.array(z.string())])
    .default([])
    .parse(schema["type"]);
  if (types.length === 0 && inner.length === 0) return [`${place} is anything`];
  return [...ofInner, ...types.flatMap((type) => gapsOfType(type, schema, place, seen))];
}

/** Beside a reference, what is said of it and bounds nothing. */
function isRemark(schema: Schema): boolean {
  return Object.keys(schema).every((keyword) => keyword === "description" || keyword === "example");
}

/** Beside an object's members, which of them must be there. */
function isDemand(schema: Schema): boolean {
  return Object.keys(schema).every((keyword) => keyword === "required");
}

function gapsOfType(type: string, schema: Schema, place: string, seen: ReadonlySet<string>): string[] {
  const has = (...keywords: string[]) => keywords.some((keyword) => keyword in schema);
  switch (type) {
    case "string":
      return isBoundedText(schema) ? [] : [`${place} is a text of any length`];
    case "integer":
    case "number":
      return has("minimum", "exclusiveMinimum") && has("maximum", "exclusiveMaximum")
        ? []
        : [`${place} is a number of any size`];
    case "array":
      return [
        ...(has("maxItems") ? [] : [`${place} is a list of any length`]),
        ...gapsIn(Schema.default({}).parse(schema["items"]), `${place}/items`, seen),
      ];
    case "object":
      return gapsOfObject(schema, place, seen);
    default:
      return [];
  }
}

function gapsOfObject(schema: Schema, place: string, seen: ReadonlySet<string>): string[] {
  const properties = z.record(z.string(), Schema).default({}).parse(schema["properties"]);
  const ofProperties = Object.entries(properties).flatMap(([name, each]) =>
    gapsIn(each, `${place}/${name}`, seen),
  );
  const others = z.union([z.boolean(), Schema]).optional().parse(schema["additionalProperties"]);
  if (others === false) return ofProperties;
  if (others === undefined || others === true) return [...ofProperties, `${place} takes unknown fields`];
  const ofMap =
    "maxProperties" in schema || "propertyNames" in schema ? [] : [`${place} is a map of any size`];
  return [...ofProperties, ...ofMap, ...gapsIn(others, `${place}/*`, seen)];
}

/** A pattern bounds a text when it is anchored at both ends and nothing in it repeats without end. */
function isBoundedText(schema: Schema): boolean {
  if ("maxLength" in schema) return true;
  const format = z.string().optional().parse(schema["format"]);
  if (format !== undefined && boundedFormats.has(format)) return true;
  const pattern = z.string().optional().parse(schema["pattern"]);
  return (
    pattern !== undefined &&
    /^\^.*\$$/.test(pattern) &&
    !/[*+]|\{\d+,\}/.test(pattern.replaceAll(/\\.|\[[^\]]*\]/g, "."))
  );
}

const requests = Object.entries(paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    parameters: operation.parameters,
    bodies: Object.entries(operation.requestBody?.content ?? {}),
  })),
);

test("every JSON body says how much it takes, and takes no field that it does not know", () => {
  const gaps = requests.flatMap(({ name, bodies }) =>
    bodies
      .filter(([mediaType]) => mediaType.endsWith("json"))
      .flatMap(([, { schema }]) => gapsIn(schema, name)),
  );
  expect(gaps).toEqual([]);
});

test("every parameter in path, query and headers says how much it takes", () => {
  const gaps = requests.flatMap(({ name, parameters }) =>
    parameters.flatMap((each) => gapsIn(each.schema, `${name} ${each.in} ${each.name}`)),
  );
  expect(gaps).toEqual([]);
});

test("a gap would be found", () => {
  expect(gapsIn({ type: "object", properties: { a: { type: "string" } } }, "here")).toEqual([
    "here/a is a text of any length",
    "here takes unknown fields",
  ]);
  expect(gapsIn({ type: "array", items: { type: "integer" } }, "here")).toEqual([
    "here is a list of any length",
    "here/items is a number of any size",
  ]);
});
