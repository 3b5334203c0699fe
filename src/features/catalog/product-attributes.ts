import { AppError, type FieldError } from "#core/errors";
import type { Context } from "#platform/context";
import {
  type AttributeDefinition,
  type AttributeOwner,
  type Attributes,
  misfitOf,
  settledValue,
} from "./attributes.ts";
import { readDefinitions } from "./attribute-store.ts";
import type { AttributeDefinitionWire } from "./attribute-schema.ts";
import type { ProductRecord, ProductWrite } from "./product-record.ts";

export type DefinitionsByKey = ReadonlyMap<string, AttributeDefinition>;

export function definitionOf({
  applies_to: appliesTo,
  ...rest
}: AttributeDefinitionWire): AttributeDefinition {
  return { ...rest, appliesTo };
}

type Attributed = {
  readonly attributes: Attributes;
  readonly variants: readonly { readonly attributes: Attributes }[];
};

/** Keys of all attributes that the product and its variants have. */
export function attributeKeysOf({ attributes, variants }: Attributed): ReadonlySet<string> {
  return new Set([attributes, ...variants.map((variant) => variant.attributes)].flatMap(Object.keys));
}

/**
 * Holds a product's and its variants' attributes against their definitions, which the write then keeps hold of.
 * @throws AppError invalid_request.
 */
export async function defineAttributes(context: Context, write: ProductWrite): Promise<ProductWrite> {
  const keys = attributeKeysOf(write.record);
  if (keys.size === 0) return write;
  const definitions = (await readDefinitions(context.databases.primary, [...keys])).map(definitionOf);
  const { record, errors } = settleAttributes(
    write.record,
    new Map(definitions.map((definition) => [definition.key, definition])),
  );
  if (errors.length > 0)
    throw new AppError("invalid_request", {
      detail: "The attributes are not as defined; see errors.",
      errors,
    });
  return { ...write, record, definitions };
}

/** The record with its attributes as their definitions have them, and what does not fit. */
export function settleAttributes(
  record: ProductRecord,
  definitions: DefinitionsByKey,
): { record: ProductRecord; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const settle = (attributes: Attributes, owner: AttributeOwner, pointer: string): Attributes =>
    Object.fromEntries(
      Object.entries(attributes).map(([key, value]) => {
        const definition = definitions.get(key);
        const refuse = (code: string, detail: string) =>
          errors.push({ pointer: `${pointer}/attributes/${key}`, code, detail });
        if (definition === undefined || definition.appliesTo !== owner) {
          refuse("unknown_attribute", `No attribute of a ${owner} has this key; see GET /attributes.`);
          return [key, value];
        }
        const misfit = misfitOf(definition, value);
        if (misfit !== undefined) refuse("not_as_defined", misfit);
        return [key, settledValue(definition, value)];
      }),
    );
  const settled = {
    ...record,
    attributes: settle(record.attributes, "product", ""),
    variants: record.variants.map((variant, index) => ({
      ...variant,
      attributes: settle(variant.attributes, "variant", `/variants/${index}`),
    })),
  };
  return { record: settled, errors };
}
