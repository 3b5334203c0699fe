import { z } from "@hono/zod-openapi";
import { MoneyWire } from "#core/money";
import { searchLimits, searchable } from "./schema.ts";

export const SuggestQuery = z.strictObject({
  q: z
    .string()
    .trim()
    .min(1)
    .max(searchLimits.queryCharactersMax)
    .regex(searchable)
    .openapi({ description: "What was typed so far.", example: "rain ja" }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(10)
    .default(5)
    .openapi({ description: "Suggestions of each kind." }),
});
export type SuggestQuery = z.infer<typeof SuggestQuery>;

const SuggestedProduct = z.strictObject({
  id: z.string(),
  handle: z.string(),
  title: z.string(),
  highlight: z.string().openapi({ description: "The title as HTML, <em> around what matched." }),
  image: z.string().nullable(),
  price_min: MoneyWire,
});
export type SuggestedProduct = z.infer<typeof SuggestedProduct>;

export const Suggestions = z
  .strictObject({
    products: z.array(SuggestedProduct),
    brands: z.array(z.strictObject({ brand: z.string(), count: z.int() })),
    categories: z.array(z.strictObject({ handle: z.string(), title: z.string(), count: z.int() })),
    degraded: z
      .boolean()
      .openapi({ description: "The index did not answer: no brands, and no typo is forgiven." }),
  })
  .openapi("SearchSuggestions");
export type Suggestions = z.infer<typeof Suggestions>;
