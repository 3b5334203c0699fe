import { z } from "zod";
import { documentVersion } from "#features/catalog/cached-products";
import type { ProductDocument } from "#features/catalog/document";
import type { Context } from "#platform/context";
import { readCopies, writeCopies } from "#platform/versioned-cache";
import { stockPicture } from "./documents.ts";

/** What was last written to the index of a product's stock. A lost or outdated note costs one needless write. */
const Note = z.object({ generation: z.string(), picture: z.string() });

/** Keeps the newest note of each product, whoever writes last. */
export function noteStockPictures(
  context: Context,
  generation: string,
  products: readonly ProductDocument[],
): Promise<void> {
  return writeCopies(
    context,
    products.map((product) => ({
      key: noteKey(product.id),
      version: documentVersion(product),
      text: JSON.stringify({ generation, picture: stockPicture(product) }),
    })),
  );
}

/** The stock pictures that the index of this generation shows, in the order of the products, where they are known. */
export async function readNotedPictures(
  context: Context,
  generation: string,
  productIds: readonly string[],
): Promise<(string | undefined)[]> {
  const copies = await readCopies(context, productIds.map(noteKey));
  return copies.map((copy) => {
    if (copy === undefined) return undefined;
    const note = Note.parse(JSON.parse(copy.text));
    return note.generation === generation ? note.picture : undefined;
  });
}

function noteKey(productId: string): string {
  return `search:1:stock:${productId}`;
}
