import { productIdOfSku, readProductDocument } from "#features/catalog/read-product-document";
import type { RecordedEvent } from "#events/catalogue";
import type { Context } from "#platform/context";
import { stockPicture } from "./documents.ts";
import { ensureIndex } from "./ensure-index.ts";
import { readWritePlace } from "./rebuild-state.ts";
import { readNotedPicture } from "./stock-notes.ts";
import { writeProducts } from "./write-products.ts";

/**
 * Brings the index to what the primary says of the event's product now. The event is only a wake-up: a late or repeated
 * one writes the present truth again, and two that are handled at once are sorted out by {@link writeProducts}.
 */
export async function syncProduct(
  context: Context,
  event: RecordedEvent<"product.changed" | "product.deleted" | "stock.changed">,
): Promise<void> {
  if (event.type !== "stock.changed") return syncProducts(context, [event.data.product_id]);
  const productId = await productIdOfSku(context, event.data.sku);
  if (productId !== undefined && (await showsOldStock(context, productId)))
    await syncProducts(context, [productId]);
}

/** Writes the present truth of these products to the index, or to both while one is being rebuilt. */
export async function syncProducts(context: Context, productIds: readonly string[]): Promise<void> {
  await ensureIndex(context);
  await writeProducts(context, { productIds, readPlace: () => readWritePlace(context) });
}

/**
 * Whether the index may say something else of the product's stock than in stock, low or out as it is now. A rush that
 * sells hundreds of units writes to the index twice for each SKU: when it is low, and when it is out. What was noted of
 * the index before a rebuild says nothing of the new one, and while one runs everything is written.
 */
async function showsOldStock(context: Context, productId: string): Promise<boolean> {
  const { generation, isRebuilding } = await readWritePlace(context);
  const noted = await readNotedPicture(context, generation, productId);
  const product = await readProductDocument(context, productId);
  // A product that went off sale was deleted by the event of that change.
  if (product === undefined) return false;
  return isRebuilding || noted !== stockPicture(product);
}
