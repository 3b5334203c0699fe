import { z } from "@hono/zod-openapi";

export const SearchMiss = z
  .strictObject({
    query: z.string(),
    times: z.int().openapi({ description: "Visitors who asked; each counts once a day." }),
    first_at: z.iso.datetime(),
    last_at: z.iso.datetime(),
  })
  .openapi("SearchMiss");
export type SearchMiss = z.infer<typeof SearchMiss>;
