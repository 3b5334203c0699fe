import type { AttributeDefinitionWire } from "./attribute-schema.ts";
import type { ProductDocument } from "./document.ts";

/** A product of a file, with the definitions that it is the first of the file to need. */
export type ExportedProduct = {
  readonly product: ProductDocument;
  readonly definitions: readonly AttributeDefinitionWire[];
};
