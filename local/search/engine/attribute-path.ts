import { z } from "zod";

/** A document as it came over the wire. Its fields are anybody's guess, so only its being an object is checked. */
export const Document = z.custom<Record<string, unknown>>(isObject, "a document is an object");
export type Document = z.infer<typeof Document>;

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a pattern of the settings (`price`, `variants`, `label_*`, `*`) covers an attribute path. */
function patternCovers(pattern: string, path: string): boolean {
  if (pattern === "*" || pattern === path || path.startsWith(`${pattern}.`)) return true;
  if (pattern.endsWith("*")) return path.startsWith(pattern.slice(0, -1));
  return pattern.startsWith("*") && path.endsWith(pattern.slice(1));
}

export function isCovered(patterns: readonly string[], path: string): boolean {
  return patterns.some((pattern) => patternCovers(pattern, path));
}

/** Visits every attribute path of a document with the value found there; elements of arrays share the path of the array. */
export function visitAttributes(document: Document, visit: (path: string, value: unknown) => void): void {
  for (const [name, value] of Object.entries(document)) visitValue(name, value, visit);
}

function visitValue(path: string, value: unknown, visit: (path: string, value: unknown) => void): void {
  visit(path, value);
  for (const element of Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value]) {
    if (!isObject(element)) continue;
    for (const [name, child] of Object.entries(element)) visitValue(`${path}.${name}`, child, visit);
  }
}

/** The scalars of an attribute's value: itself, or the elements of an array. Null and objects hold none. */
export function scalarsOf(value: unknown): (string | number)[] {
  const elements = Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value];
  const scalars: (string | number)[] = [];
  for (const element of elements) {
    if (typeof element === "string" || typeof element === "number") scalars.push(element);
    else if (typeof element === "boolean") scalars.push(String(element));
  }
  return scalars;
}

/** A copy of the document with only the attributes that the patterns cover, nested ones included. */
export function pickAttributes(document: Document, patterns: readonly string[]): Document {
  if (patterns.includes("*")) return document;
  return pickWithin(document, "", patterns);
}

function pickWithin(source: Document, parent: string, patterns: readonly string[]): Document {
  const picked: Document = {};
  for (const [name, value] of Object.entries(source)) {
    const path = parent === "" ? name : `${parent}.${name}`;
    if (isCovered(patterns, path)) picked[name] = value;
    else if (patterns.some((pattern) => pattern.startsWith(`${path}.`))) {
      const inner = pickInside(value, path, patterns);
      if (inner !== undefined) picked[name] = inner;
    }
  }
  return picked;
}

function pickInside(value: unknown, path: string, patterns: readonly string[]): unknown {
  if (Array.isArray(value)) {
    return value.filter(isObject).map((element) => pickWithin(element, path, patterns));
  }
  return isObject(value) ? pickWithin(value, path, patterns) : undefined;
}
