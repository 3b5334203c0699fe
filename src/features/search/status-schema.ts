import { z } from "@hono/zod-openapi";

export const DriftReport = z
  .strictObject({
    buckets: z.int().openapi({ description: "Parts of the catalogue that were compared." }),
    products: z.int().openapi({ description: "Products on sale in them." }),
    waiting: z.int().openapi({ description: "Products of which the index will hear by itself in a moment." }),
    repaired: z.int().openapi({ description: "Products that differed, and were written anew." }),
  })
  .openapi("SearchDrift");
export type DriftReport = z.infer<typeof DriftReport>;

export const SearchStatus = z
  .strictObject({
    reachable: z.boolean(),
    products: z.int().openapi({ description: "On sale, as the catalogue says." }),
    documents: z.int().nullable().openapi({ description: "In the index; null while it does not answer." }),
    lag_seconds: z.number().openapi({
      description:
        "How far searches are behind the catalogue: the age of the oldest change that the index has not been told of, or what the last canary needed from its event to the index, whichever is more.",
    }),
    backlog: z.strictObject({
      events: z.int().openapi({ description: "Changes that the index has not been told of." }),
      oldest_seconds: z.number(),
      dead_letters: z.int().openapi({ description: "Given up; see /admin/dead-letters." }),
      tasks: z
        .int()
        .nullable()
        .openapi({ description: "Writes that Meilisearch has accepted and not done." }),
    }),
    canary: z.strictObject({
      seconds: z.number().nullable().openapi({ description: "What the last one needed." }),
      waiting_seconds: z.number().openapi({ description: "Since when the present one is on its way." }),
    }),
    drift: z.strictObject({
      checked_at: z.iso.datetime().nullable(),
      repaired: z.int().openapi({ description: "Products that comparisons had to repair, in all." }),
    }),
  })
  .openapi("SearchStatus");
export type SearchStatus = z.infer<typeof SearchStatus>;
