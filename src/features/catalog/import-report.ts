import { z } from "zod";

/** One row, or one whole product, that an import did not take, and why. */
export const Refusal = z.object({
  /** Number of the row in the file; the header is row 1. */
  row: z.int().min(1),
  handle: z.string().nullable(),
  reason: z.string(),
  detail: z.string(),
});
export type Refusal = z.infer<typeof Refusal>;
