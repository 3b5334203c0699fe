import { z } from "@hono/zod-openapi";
import type { ErrorCode } from "#core/errors";

/** One row, or one whole product, that an import did not take, and why. */
export const Refusal = z
  .strictObject({
    row: z.int().min(1).openapi({ description: "Number of the row in the file; the header is row 1." }),
    handle: z.string().nullable(),
    reason: z.string().openapi({ example: "duplicate_sku" }),
    detail: z.string(),
  })
  .openapi("ImportRefusal");
export type Refusal = z.infer<typeof Refusal>;

/** Refusals that a report keeps; all of them are counted. */
export const refusalsKeptMax = 500;

const counts = {
  rows_read: z.int(),
  created: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  refused: z.int().openapi({ description: "Rows, and whole products, that were not taken." }),
  stock_counts: z.int().openapi({
    description:
      "First stock counts of new variants. The stock of variants that were there is never changed.",
  }),
};

export const ImportCounts = z.strictObject(counts);
export type ImportCounts = z.infer<typeof ImportCounts>;

export const ImportReport = z
  .strictObject({
    id: z.string(),
    status: z.enum(["running", "finished", "failed"]),
    ...counts,
    ignored_columns: z.array(z.string()),
    refusals: z.array(Refusal).openapi({ description: `The first ${refusalsKeptMax}.` }),
    stock: z.string().openapi({ description: "What the import did with stock, in words." }),
    failure: z.string().nullable().openapi({ description: "Why a failed import stopped." }),
    started_at: z.iso.datetime(),
    finished_at: z.iso.datetime().nullable(),
  })
  .openapi("ImportReport");
export type ImportReport = z.infer<typeof ImportReport>;

/** The last line of a streamed answer. */
export type LastImportLine =
  | ({ type: "finished" } & ImportReport)
  | ({ type: "failed"; code: ErrorCode; detail: string } & ImportReport);

export type ImportLine =
  | { type: "started"; id: string; ignored_columns: readonly string[] }
  | ({ type: "refused" } & Refusal)
  | ({ type: "progress" } & ImportCounts)
  | LastImportLine;
