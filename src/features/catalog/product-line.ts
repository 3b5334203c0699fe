import { z } from "zod";
import { Currency } from "#core/money";
import { FiledCategory, FiledDefinition, detailLimits } from "./details.ts";
import { attributeLimits } from "./attributes.ts";
import { NewProduct, NewVariant } from "./schema.ts";

const VariantLine = NewVariant.omit({ initial_quantity: true }).extend({
  title: z.string().min(1).max(255),
  quantity: z.int().min(0).max(1_000_000_000).nullable().default(null),
});

/** A line of a JSON Lines file: a whole product. The order of the members is the order in which they are written. */
export const ProductLine = NewProduct.omit({ variants: true, categories: true, currency: true }).extend({
  handle: z.string().min(1).max(255),
  currency: Currency,
  categories: z.array(FiledCategory).max(detailLimits.categoriesMax).default([]),
  definitions: z.array(FiledDefinition).max(attributeLimits.definitionsMax).optional(),
  variants: z.array(VariantLine).min(1).max(250),
});
export type ProductLine = z.infer<typeof ProductLine>;
