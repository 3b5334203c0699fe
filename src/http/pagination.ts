import { z } from "@hono/zod-openapi";
import type { Page, PageRequest } from "#core/page";
import { refuseInvalid } from "./problem.ts";

export const pageLimits = { itemsMax: 100, itemsDefault: 20 } as const;

const cursor = z.string().min(1).max(1_000);

/** The query parameters of every list; spread them into the list's own. */
export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(pageLimits.itemsMax)
    .default(pageLimits.itemsDefault)
    .openapi({
      description: `Items on a page, ${pageLimits.itemsMax} at most.`,
    }),
  after: cursor.optional().openapi({ description: "The `next_cursor` of the page before." }),
  before: cursor
    .optional()
    .openapi({ description: "The `previous_cursor` of the page after; not with `after`." }),
};

/** A page of a list in a route's description. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    data: z.array(item),
    has_more: z.boolean().openapi({
      description:
        "Whether there is more in the direction asked for: after, or with `before` before, this page.",
    }),
    next_cursor: z.string().nullable().openapi({ description: "Give it as `after`; null at the end." }),
    previous_cursor: z
      .string()
      .nullable()
      .openapi({ description: "Give it as `before`; null at the start." }),
  });
}

/** @throws AppError invalid_request when both directions are asked for. */
export function pageRequestOf(query: PageRequest): PageRequest {
  const { limit, after, before } = query;
  if (after !== undefined && before !== undefined)
    throw refuseInvalid("query", [
      { code: "custom", path: ["before"], message: "Give after or before, not both.", input: before },
    ]);
  return { limit, after, before };
}

export function pageToWire<Item, Wire>(page: Page<Item>, toWire: (item: Item) => Wire) {
  return {
    data: page.items.map(toWire),
    has_more: page.hasMore,
    next_cursor: page.nextCursor,
    previous_cursor: page.previousCursor,
  };
}
