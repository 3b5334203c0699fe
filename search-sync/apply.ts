import type { ProductDocument } from "#features/catalog/document";
import { type CatalogueChange, readChanged } from "#features/catalog/read-changed";
import { readProductDocuments } from "#features/catalog/read-product-document";
import type { Context } from "#platform/context";
import { stockPicture } from "./documents.ts";
import { ensureIndex } from "./ensure-index.ts";
import { type WritePlace, readWritePlace } from "./rebuild-state.ts";
import { readNotedPictures } from "./stock-notes.ts";
import { writeProducts } from "./write-products.ts";

/**
 * Brings the index to what the primary says of the event's product now. The event is only a wake-up: a late or repeated
 * one writes the present truth again, and two that are handled at once are sorted out by {@link writeProducts}.
 */
export async function syncProduct(context: Context, change: CatalogueChange): Promise<void> {
  await syncProductsOf(context, [change]);
}

/** The same for many events at once: one reading and one write for all of their products. */
export async function syncProductsOf(
  context: Context,
  changes: readonly CatalogueChange[],
): Promise<{ bytes: number }> {
  // The place is read after the changes were committed: a rebuild that it does not know of yet will read them itself.
  const [{ products }, place] = await Promise.all([
    readChanged(context, changes),
    readWritePlace(context),
    ensureIndex(context),
  ]);
  const named = new Set(
    changes.flatMap((change) => (change.type === "stock.changed" ? [] : [change.data.product_id])),
  );
  const onSale = products.filter(({ status }) => status === "active");
  // A product that went off sale is deleted by the event of that change.
  const stocked = onSale.filter(({ id }) => !named.has(id));
  const written = [
    ...onSale.filter(({ id }) => named.has(id)),
    ...(await withOldStock(context, place, stocked)),
  ];
  const known = { place, products: byId(written) };
  const productIds = [...new Set([...named, ...known.products.keys()])];
  return writeProducts(context, { productIds, known, readPlace: () => readWritePlace(context) });
}

/** Writes the present truth of these products to the index, or to both while one is being rebuilt. */
export async function syncProducts(context: Context, productIds: readonly string[]): Promise<void> {
  await ensureIndex(context);
  const place = await readWritePlace(context);
  const known = { place, products: await readProductDocuments(context, productIds) };
  await writeProducts(context, { productIds, known, readPlace: () => readWritePlace(context) });
}

/**
 * Those of which the index may say something else of the stock than in stock, low or out as it is now. A rush that
 * sells hundreds of units writes to the index twice for each SKU: when it is low, and when it is out. What was noted of
 * the index before a rebuild says nothing of the new one, and while one runs everything is written.
 */
async function withOldStock(
  context: Context,
  { isRebuilding, generation }: WritePlace,
  products: readonly ProductDocument[],
): Promise<readonly ProductDocument[]> {
  if (products.length === 0 || isRebuilding) return products;
  const noted = await readNotedPictures(
    context,
    generation,
    products.map(({ id }) => id),
  );
  return products.filter((product, index) => noted[index] !== stockPicture(product));
}

function byId(products: readonly ProductDocument[]): ReadonlyMap<string, ProductDocument> {
  return new Map(products.map((product) => [product.id, product]));
}
