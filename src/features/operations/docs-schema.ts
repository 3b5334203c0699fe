import { html } from "hono/html";
import { type ApiDocument, type Schema, resolve } from "./docs-model.ts";

/** Levels of a schema that the page unfolds; deeper ones are named only. */
const depthMax = 5;

export type Html = ReturnType<typeof html>;

/** A schema's fields as nested lists. */
export function renderSchema(document: ApiDocument, schema: Schema, depth = 0): Html {
  const fields = fieldsOf(document, schema);
  if (fields.length === 0 || depth >= depthMax) return html``;
  return html`<ul class="fields">
    ${fields.map(
      ({ name, required, field }) =>
        html`<li>
          <code class="name">${name}</code> <span class="type">${typeOf(document, field)}</span>
          ${required ? html`<span class="required">required</span>` : ""} ${describeField(document, field)}
          ${renderSchema(document, field, depth + 1)}
        </li>`,
    )}
  </ul>`;
}

function describeField(document: ApiDocument, field: Schema): Html {
  const { schema } = resolve(document, field);
  const description = field.description ?? schema.description;
  const limits = constraintsOf(schema);
  return html`${description === undefined ? "" : html`<span class="about">${inlineCode(description)}</span>`}
  ${limits === "" ? "" : html`<span class="constraints">${limits}</span>`}`;
}

/** Text in which `back-ticked` words are code. */
export function inlineCode(text: string): Html {
  const parts = text.split("`");
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

type Field = { name: string; required: boolean; field: Schema };

/** The fields of an object, of an array's items, or of every part of an intersection or union. */
function fieldsOf(document: ApiDocument, reference: Schema): Field[] {
  const { schema } = resolve(document, reference);
  if (schema.items !== undefined) return fieldsOf(document, schema.items);
  const parts = [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  const own = Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    name,
    field,
    required: schema.required?.includes(name) ?? false,
  }));
  return [...parts.flatMap((part) => fieldsOf(document, part)), ...own];
}

/** A short name of the type: `string (email)`, `array of Product`, `"up" | "down"`. */
export function typeOf(document: ApiDocument, reference: Schema): string {
  const { name, schema } = resolve(document, reference);
  if (name !== undefined) return name;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.items !== undefined) return `array of ${typeOf(document, schema.items)}`;
  const union = schema.oneOf ?? schema.anyOf;
  if (union !== undefined) return union.map((part) => typeOf(document, part)).join(" | ");
  if (schema.allOf !== undefined) return schema.allOf.map((part) => typeOf(document, part)).join(" & ");
  const type = [schema.type ?? "any"].flat().join(" | ");
  return schema.format === undefined ? type : `${type} (${schema.format})`;
}

function constraintsOf(schema: Schema): string {
  const named = [
    range("length", schema.minLength, schema.maxLength),
    range("value", schema.minimum, schema.maximum),
    range("items", schema.minItems, schema.maxItems),
    schema.default === undefined ? "" : `default ${JSON.stringify(schema.default)}`,
  ];
  return named.filter(Boolean).join(", ");
}

function range(what: string, min: number | undefined, max: number | undefined): string {
  if (max === Number.MAX_SAFE_INTEGER) return range(what, min, undefined);
  if (min === -Number.MAX_SAFE_INTEGER) return range(what, undefined, max);
  if (min === undefined && max === undefined) return "";
  if (max === undefined) return `${what} ≥ ${min}`;
  return min === undefined ? `${what} ≤ ${max}` : `${what} ${min}–${max}`;
}

/** A value that fits the schema, for a reader to change: its examples where given, else something plain. */
export function exampleOf(document: ApiDocument, reference: Schema, depth = 0): unknown {
  const { schema } = resolve(document, reference);
  const given = schema.example ?? schema.default ?? schema.const ?? schema.enum?.[0];
  if (given !== undefined || depth >= depthMax) return given ?? null;
  if (schema.items !== undefined) return [exampleOf(document, schema.items, depth + 1)];
  const [choice] = schema.oneOf ?? schema.anyOf ?? [];
  if (choice !== undefined) return exampleOf(document, choice, depth + 1);
  const fields = fieldsOf(document, schema);
  if (fields.length > 0)
    return Object.fromEntries(
      fields
        .filter(({ required }) => required)
        .map(({ name, field }) => [name, exampleOf(document, field, depth + 1)]),
    );
  return plainExample(schema);
}

function plainExample(schema: Schema): unknown {
  const [type] = [schema.type ?? "object"].flat();
  if (type === "integer" || type === "number") return Math.max(schema.minimum ?? 1, 1);
  if (type === "boolean") return false;
  if (type === "string") return schema.format === "password" ? "correct horse battery" : "text";
  return {};
}
