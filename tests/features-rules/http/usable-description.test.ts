import { expect, test } from "vitest";
import { z } from "zod";
import { createApp } from "../../../src/app.ts";

/*
 * A client, or a program that makes one, takes the description at its word: what it allows must be sendable, and what
 * the server refuses must be told.
 */

type Schema = { readonly [keyword: string]: unknown };
const Schema = z.record(z.string(), z.unknown());
const Schemas = z.array(Schema).default([]);
const Body = z.object({ required: z.boolean(), content: z.record(z.string(), z.object({ schema: Schema })) });
const Description = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ requestBody: Body.optional() }))),
  components: z.object({ schemas: z.record(z.string(), Schema) }),
});

const info = { openapi: "3.1.0", info: { title: "Tradewind", version: "1" } };
const document: unknown = JSON.parse(
  JSON.stringify(createApp(() => Promise.resolve()).getOpenAPI31Document(info)),
);
const {
  paths,
  components: { schemas },
} = Description.parse(document);

/** Every schema, however deep, with its place. */
function schemasIn(value: unknown, place = ""): { place: string; schema: Schema }[] {
  if (Array.isArray(value)) return value.flatMap((each, index) => schemasIn(each, `${place}/${index}`));
  const schema = Schema.safeParse(value);
  if (!schema.success) return [];
  const inner = Object.entries(schema.data).flatMap(([name, each]) => schemasIn(each, `${place}/${name}`));
  return [{ place, schema: schema.data }, ...inner];
}

const everything = schemasIn(document);

function referred(schema: Schema): Schema {
  const name = z.string().optional().parse(schema["$ref"])?.split("/").at(-1) ?? "";
  return schemas[name] ?? schema;
}

function isClosed(schema: Schema): boolean {
  return referred(schema)["additionalProperties"] === false;
}

/** Whether an empty object is one of those that the schema allows. */
function allowsNothing(schema: Schema): boolean {
  const { anyOf, oneOf, allOf, required } = referred(schema);
  const forms = [...Schemas.parse(anyOf), ...Schemas.parse(oneOf)];
  return (
    z.array(z.string()).default([]).parse(required).length === 0 &&
    Schemas.parse(allOf).every(allowsNothing) &&
    (forms.length === 0 || forms.some(allowsNothing))
  );
}

/** Two schemas that each forbid the other's members allow nothing together. */
function contradicts(schema: Schema): boolean {
  return Schemas.parse(schema["allOf"]).filter(isClosed).length > 1;
}

/** Regular expressions of other languages lack these, read them otherwise, or refuse halves of characters. */
function isPortable(pattern: string): boolean {
  return !/\\[pP]\{|\(\?[=!<]|\\u\{|\\u[dD][89a-fA-F]/.test(pattern);
}

/** Handles have the letters of every alphabet, which no range names. */
const unportable = new Set([String.raw`^[\p{Ll}\p{Lo}\p{N}]+(?:-[\p{Ll}\p{Lo}\p{N}]+)*$`]);

test("every shape can be sent", () => {
  expect(everything.filter(({ schema }) => contradicts(schema)).map(({ place }) => place)).toEqual([]);
});

test("every pattern means the same to whoever reads it", () => {
  const patterns = everything.flatMap(({ schema }) =>
    // As it is served: without flags.
    typeof schema["pattern"] === "string" ? [schema["pattern"].replace(/\$\/[a-z]+$/, "$")] : [],
  );
  expect(patterns.length).toBeGreaterThan(50);
  expect(patterns.filter((pattern) => !isPortable(pattern) && !unportable.has(pattern))).toEqual([]);
});

test("an address of mail or of the web tells its pattern where one is sent", () => {
  const sent = everything.filter(
    ({ place, schema }) =>
      (place.includes("/requestBody/") || place.includes("/parameters/")) &&
      (schema["format"] === "email" || schema["format"] === "uri"),
  );
  expect(sent.length).toBeGreaterThan(2);
  expect(sent.filter(({ schema }) => !("pattern" in schema)).map(({ place }) => place)).toEqual([]);
});

test("a JSON body is required where a field of it is, and nowhere else", () => {
  const bodies = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { requestBody }]) => {
      const schema = requestBody?.content["application/json"]?.schema;
      return schema === undefined ? [] : [{ name: `${method} ${path}`, schema, ...requestBody }];
    }),
  );
  expect(bodies.length).toBeGreaterThan(30);
  const untrue = bodies.filter(({ required, schema }) => required === allowsNothing(schema));
  expect(untrue.map(({ name }) => name)).toEqual([]);
});

test("a faulty description would be found", () => {
  const closed = { type: "object", additionalProperties: false };
  expect(contradicts({ allOf: [closed, closed] })).toBe(true);
  expect(isPortable(String.raw`^\P{Cc}*$`)).toBe(false);
  expect(isPortable("^(?!x)")).toBe(false);
});
