import { z } from "@hono/zod-openapi";
import { unprintable } from "#core/text";
import { soughtText } from "./schema.ts";

const amount = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const productSorts = ["newest", "price", "-price", "rating", "title"] as const;
export type ProductSort = (typeof productSorts)[number];

const attributeFilter = z
  .string()
  .max(320)
  .regex(new RegExp(`^[a-z][a-z0-9_]{0,63}:[^${unprintable}]+$`, "u"), "such as fabric:wool");

/** Values of options that one request may choose. */
const optionChoicesMax = 20;

export const OptionChoice = z
  .string()
  .max(511)
  .regex(/^[^\p{Cc}\p{Cs}:]{1,255}:[^\p{Cc}\p{Cs}]{1,255}$/u, "the option's name, a colon and the value")
  .transform((text) => {
    const colon = text.indexOf(":");
    return { name: text.slice(0, colon), value: text.slice(colon + 1) };
  });
export type OptionChoice = z.infer<typeof OptionChoice>;

/** The filters and the sort of product lists. */
export const productFilters = {
  category: soughtText.optional().openapi({ description: "Id or handle; its sub-categories are included." }),
  brand: soughtText.optional(),
  price_min: amount.optional().openapi({ description: "Minor units; some variant costs at least this." }),
  price_max: amount.optional().openapi({ description: "Minor units; some variant costs at most this." }),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .optional()
    .openapi({ description: "The shop's currency unless given, where prices are compared." }),
  rating_min: z.coerce.number().min(0).max(5).optional(),
  in_stock: z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .optional()
    .openapi({
      description: "true: some variant is available; false: none is. With options: of those that have them.",
    }),
  option: z
    .union([OptionChoice, z.array(OptionChoice).max(optionChoicesMax)])
    .transform((choices) => [choices].flat())
    .optional()
    .openapi({
      type: "array",
      items: { type: "string", maxLength: 511 },
      maxItems: optionChoicesMax,
      description:
        "`Size:M`: an option's name and a value. Of several options each must hold, all of one and the same variant; repeat an option for any of several values.",
    }),
  attribute: z
    .union([attributeFilter, z.array(attributeFilter).max(10)])
    .transform((wanted) => [wanted].flat())
    .optional()
    .openapi({
      type: "array",
      items: { type: "string", maxLength: 320 },
      maxItems: 10,
      description: "`key:value` of the product or a variant, such as `fabric:wool`; all of them must hold.",
    }),
  sort: z.enum(productSorts).default("newest"),
};
