import type { ImportedProduct } from "./import-mapping.ts";
import type { Refusal } from "./import-report.ts";

/** A piece of a file: rows that were read, what of them was refused, and the product that they make. */
export type ImportItem = {
  readonly rowsRead: number;
  readonly refused: readonly Refusal[];
  readonly product?: ImportedProduct | undefined;
};

/** A file that has begun as it should. */
export type ImportSource = {
  /** Columns of the file that are not taken. */
  readonly ignored: readonly string[];
  readonly items: AsyncGenerator<ImportItem>;
};
