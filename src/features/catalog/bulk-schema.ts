import { z } from "@hono/zod-openapi";
import { errorCodes } from "#core/errors";
import { idSchema } from "#core/ids";
import { plainText } from "#core/text";
import { priceMinorMax } from "./rules.ts";
import { productLimits } from "./schema.ts";

/** Products of one request: they are read, decided on and written together. */
export const bulkProductsMax = 100;

const name = z.string().trim().min(1).max(productLimits.titleCharactersMax).regex(plainText);
const tag = name.regex(/^[^,]*$/, "a tag has no commas");
const tags = z.array(tag).min(1).max(productLimits.tagsMax);
const categories = z
  .array(name)
  .min(1)
  .max(productLimits.categoriesMax)
  .openapi({ description: "Handles or ids of categories that exist." });
const amount = z.int().min(0).max(priceMinorMax);

const BulkChange = z.discriminatedUnion("action", [
  z.strictObject({ action: z.literal("set_status"), status: z.enum(["draft", "active", "archived"]) }),
  z.strictObject({
    action: z.literal("set_price"),
    price: amount.openapi({ description: "Of all variants, in minor units of each product's currency." }),
    compare_at_price: amount.nullable().optional(),
  }),
  z.strictObject({
    action: z.literal("change_price"),
    percent: z.number().min(-100).max(1_000).openapi({
      description: "Of all variants' prices; -15 makes them 15 % cheaper, rounded to the minor unit.",
    }),
    keep_former_price: z
      .boolean()
      .default(false)
      .openapi({ description: "Shows the price from before as the one to compare with." }),
  }),
  z.strictObject({ action: z.literal("add_tags"), tags }),
  z.strictObject({ action: z.literal("remove_tags"), tags }),
  z.strictObject({ action: z.literal("add_categories"), categories }),
  z.strictObject({
    action: z.literal("remove_categories"),
    categories: categories.openapi({ description: "With all below them; those above them stay." }),
  }),
]);
export type BulkChange = z.infer<typeof BulkChange>;

export const BulkRequest = z
  .strictObject({
    products: z
      .array(
        z.strictObject({
          id: idSchema("product"),
          version: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional().openapi({
            description: "Refuses the product when it is no longer at this version.",
          }),
        }),
      )
      .min(1)
      .max(bulkProductsMax)
      .refine((list) => new Set(list.map(({ id }) => id)).size === list.length, {
        message: "names each product once",
      }),
    change: BulkChange,
  })
  .openapi("BulkProductChange");
export type BulkRequest = z.infer<typeof BulkRequest>;

const BulkOutcome = z.discriminatedUnion("outcome", [
  z.object({ id: z.string(), outcome: z.enum(["changed", "unchanged"]), version: z.int() }),
  z.object({
    id: z.string(),
    outcome: z.literal("refused"),
    // The keys of the table are what ErrorCode is made of.
    code: z.enum(Object.keys(errorCodes) as [keyof typeof errorCodes, ...(keyof typeof errorCodes)[]]),
    detail: z.string(),
  }),
]);
export type BulkOutcome = z.infer<typeof BulkOutcome>;

export const BulkReport = z
  .object({
    changed: z.int(),
    unchanged: z.int(),
    refused: z.int(),
    data: z.array(BulkOutcome).openapi({ description: "One for each product, in the order of the request." }),
  })
  .openapi("BulkReport");
export type BulkReport = z.infer<typeof BulkReport>;
