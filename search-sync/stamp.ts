import { sha256Hex } from "#core/canonical-json";
import type { ProductDocument } from "#features/catalog/document";
import type { SearchDocument } from "#features/search/document";
import { searchDocumentOf, stockPicture } from "./documents.ts";

/**
 * Grows when searchDocumentOf makes another document of the same product: then all that stand in the index differ from
 * the truth, and it is rebuilt.
 */
export const documentShape = 5;

/** Characters of the hash that a stamp carries. */
export const pictureDigits = 16;

/** The last letters that ids can have: a bucket holds the products that end with one of them. */
export const buckets = "0123456789abcdefghjkmnpqrstvwxyz".split("");

/** The document as it is written, with what tells whether it is still true: see drift-facts.ts. */
export async function stampedDocumentOf(product: ProductDocument): Promise<SearchDocument> {
  return { ...searchDocumentOf(product), bucket: product.id.slice(-1), stamp: await stampOf(product) };
}

/** Whether a stamp is that of a document of an earlier release, or of none. */
export function isOfOldShape(stamp: string): boolean {
  return !stamp.startsWith(`${documentShape}.`);
}

/** Everything that an indexed document follows from, in a few characters; SQL computes the same. */
export async function stampOf(product: ProductDocument): Promise<string> {
  const picture = (await sha256Hex(stockPicture(product))).slice(0, pictureDigits);
  const stars = Math.round(product.ratingAverage * 100);
  return `${documentShape}.${product.version}.${product.ratingCount}.${stars}.${picture}`;
}
