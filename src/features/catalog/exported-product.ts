import type { AttributeDefinitionWire } from "./attribute-schema.ts";
import type { CategoryDetails } from "./details.ts";
import type { ProductDocument } from "./document.ts";

/** A product of a file, with the definitions and the details of categories that it is the first of the file to need. */
export type ExportedProduct = {
  readonly product: ProductDocument;
  readonly definitions: readonly AttributeDefinitionWire[];
  /** By handle. */
  readonly categoryDetails: ReadonlyMap<string, CategoryDetails>;
};
