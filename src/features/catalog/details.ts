import { z } from "zod";
import { Currency } from "#core/money";
import { AttributeValue, attributeLimits, attributeOwners, attributeTypes } from "./attributes.ts";
import { categoryLimits } from "./category-schema.ts";
import { NewImage } from "./schema.ts";

const name = z.string().min(1).max(255);
const attributes = z.record(z.string().max(64), AttributeValue);
const metadata = z.record(z.string().min(1).max(64), z.string().max(attributeLimits.metadataCharactersMax));

export const detailLimits = { categoriesMax: 200 } as const;

/** What else the shop says of a category; what is not there is as it is with a new one. */
export const CategoryDetails = z.strictObject({
  description: z.string().min(1).max(categoryLimits.descriptionCharactersMax).optional(),
  image: NewImage.optional(),
  position: z.int().min(1).max(categoryLimits.positionMax).optional(),
  metadata: metadata.optional(),
});
export type CategoryDetails = z.infer<typeof CategoryDetails>;

/** A category as files name it, its parent by handle; with its details where it comes for the first time in the file. */
export const FiledCategory = z.strictObject({
  handle: name,
  title: name,
  parent: name.nullable(),
  ...CategoryDetails.shape,
});
export type FiledCategory = z.infer<typeof FiledCategory>;

export const FiledDefinition = z.strictObject({
  key: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
  title: name,
  applies_to: z.enum(attributeOwners),
  type: z.enum(attributeTypes),
  choices: z.array(name).max(attributeLimits.choicesMax),
});

/** What Shopify's columns have no place for, so that an export loses nothing. */
export const ProductDetails = z.strictObject({
  currency: Currency,
  options: z.array(z.strictObject({ name, values: z.array(name).min(1).max(250) })).max(3),
  /** Parents before their children. */
  categories: z.array(FiledCategory).max(detailLimits.categoriesMax),
  attributes,
  metadata,
  /** Of the attributes that come for the first time in the file. */
  definitions: z.array(FiledDefinition).max(attributeLimits.definitionsMax).optional(),
});
export type ProductDetails = z.infer<typeof ProductDetails>;

export const VariantDetails = z.strictObject({ title: name, attributes, metadata });
export type VariantDetails = z.infer<typeof VariantDetails>;

export function readProductDetails(text: string | undefined): ProductDetails | undefined | "bad" {
  return readDetails(ProductDetails, text);
}

export function readVariantDetails(text: string | undefined): VariantDetails | undefined | "bad" {
  return readDetails(VariantDetails, text);
}

function readDetails<Details>(
  schema: z.ZodType<Details>,
  text: string | undefined,
): Details | undefined | "bad" {
  if (text === undefined || text === "") return undefined;
  const outcome = schema.safeParse(parsedOrNull(text));
  return outcome.success ? outcome.data : "bad";
}

/** What is no JSON is no object either, and refused as such. */
function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
