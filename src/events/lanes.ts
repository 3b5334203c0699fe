import type { EventType } from "./catalogue.ts";

/**
 * Events that go to copies only, and may come by the ten thousand: all others pass them. The indexes and the function
 * of the outbox name the same.
 */
export const bulkTypes = [
  "product.changed",
  "product.deleted",
  "stock.changed",
  "stock.low",
  "stock.out",
  "stock.back",
  "search.canary",
] as const satisfies readonly EventType[];
