import type { Context } from "#platform/context";
import type { AttributeDefinition } from "./attributes.ts";
import { type NewDefinition, readDefinitions } from "./attribute-store.ts";
import type { ImportedProduct } from "./import-mapping.ts";
import type { Merged } from "./import-merge.ts";
import { attributeKeysOf, definitionOf, settleAttributes } from "./product-attributes.ts";

/** What the attributes of a batch mean: as the shop has it, else as the file brings it. */
export type BatchDefinitions = {
  readonly byKey: ReadonlyMap<string, AttributeDefinition>;
  /** Those that the shop does not have yet. */
  readonly brought: readonly NewDefinition[];
};

export async function readBatchDefinitions(
  context: Context,
  products: readonly ImportedProduct[],
): Promise<BatchDefinitions> {
  const brought = new Map(products.flatMap(({ definitions }) => definitions).map((each) => [each.key, each]));
  const named = products.flatMap(({ attributes = {}, variants }) => [
    ...attributeKeysOf({
      attributes,
      variants: variants.map((variant) => ({ attributes: variant.attributes ?? {} })),
    }),
  ]);
  const known = await readDefinitions(context.databases.primary, [...new Set([...brought.keys(), ...named])]);
  for (const { key } of known) brought.delete(key);
  const fresh = [...brought.values()];
  const all = [...known, ...fresh.map((each) => ({ ...each, version: 1 }))].map(definitionOf);
  return { byKey: new Map(all.map((each) => [each.key, each])), brought: fresh };
}

/** Holds what is to be written against the definitions; what does not fit is refused instead. */
export function holdAgainst(
  definitions: BatchDefinitions,
  imported: ImportedProduct,
  merged: Merged,
): Merged {
  if (!("write" in merged)) return merged;
  const { write } = merged;
  const keys = [...attributeKeysOf(write.record)];
  if (keys.length === 0) return merged;
  const { record, errors } = settleAttributes(write.record, definitions.byKey);
  const [error] = errors;
  if (error !== undefined) {
    const detail = `${error.pointer.slice(1)}: ${error.detail} The product is left out.`;
    const refusal = { row: imported.row, handle: imported.handle, reason: error.code, detail };
    return { kind: "refused", refused: [...merged.refused, refusal] };
  }
  const held = keys.flatMap((key) => definitions.byKey.get(key) ?? []);
  return { ...merged, write: { ...write, record, definitions: held } };
}
