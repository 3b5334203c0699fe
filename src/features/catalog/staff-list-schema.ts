import { z } from "@hono/zod-openapi";
import { plainText } from "#core/text";
import { ProductStatus } from "./document.ts";

export const staffProductSorts = ["updated", "newest", "title"] as const;

const text = z.string().trim().min(1).max(255).regex(plainText);

/** Which products the staff wants to see, and in which order. */
export const staffProductFilters = {
  status: ProductStatus.optional().openapi({ description: "Those of one status; else all." }),
  q: text.max(100).optional().openapi({
    description:
      "Beginnings of words of the title, brand, product type and tags, all of which must be there; or a handle or a SKU as a whole.",
    example: "rain jack",
  }),
  category: text.optional().openapi({ description: "Id or handle; its sub-categories are included." }),
  brand: text.optional(),
  tag: text.optional(),
  updated_since: z.iso
    .datetime({ offset: true })
    .max(40)
    .optional()
    .openapi({ description: "Not changed before this moment. Stock and ratings change no product." }),
  sort: z
    .enum(staffProductSorts)
    .default("updated")
    .openapi({ description: "`updated` and `newest` begin with the latest." }),
};
const StaffProductQuery = z.object(staffProductFilters);
export type StaffProductQuery = z.infer<typeof StaffProductQuery>;
