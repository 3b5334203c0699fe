import type { AttributeDefinitionWire } from "./attribute-schema.ts";
import type { FiledCategory, ProductDetails } from "./details.ts";
import type { ExportedProduct } from "./exported-product.ts";

type FiledDefinition = NonNullable<ProductDetails["definitions"]>[number];

/** A product's categories as files name them: parents before their children, else by handle. */
export function filedCategories({
  product: { categories },
  categoryDetails,
}: ExportedProduct): FiledCategory[] {
  const handles = new Map(categories.map(({ id, handle }) => [id, handle]));
  const filed = categories.map(({ handle, title, parentId }) => ({
    handle,
    title,
    parent: parentId === null ? null : (handles.get(parentId) ?? null),
    ...categoryDetails.get(handle),
  }));
  const parents = new Map(filed.map(({ handle, parent }) => [handle, parent]));
  const depth = ({ handle }: FiledCategory): number => {
    let steps = 0;
    for (let parent = parents.get(handle); parent; parent = parents.get(parent)) steps++;
    return steps;
  };
  return filed.toSorted((a, b) => depth(a) - depth(b) || (a.handle < b.handle ? -1 : 1));
}

/** Nothing where there is nothing to say, so that most products stay short. */
export function filedDefinitions(definitions: readonly AttributeDefinitionWire[]): {
  definitions?: FiledDefinition[];
} {
  if (definitions.length === 0) return {};
  return { definitions: definitions.map(({ version: _version, ...definition }) => definition) };
}

/** The members in the order of their names, so that the same content is the same text. */
export function inOrder<Value>(members: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(members).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
