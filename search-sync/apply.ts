import { productIdsOfSkus, readProductDocuments } from "#features/catalog/read-product-document";
import type { RecordedEvent } from "#events/catalogue";
import type { Context } from "#platform/context";
import { stockPicture } from "./documents.ts";
import { ensureIndex } from "./ensure-index.ts";
import { readWritePlace } from "./rebuild-state.ts";
import { readNotedPicture } from "./stock-notes.ts";
import { writeProducts } from "./write-products.ts";

type ProductEvent = RecordedEvent<"product.changed" | "product.deleted" | "stock.changed">;

/**
 * Brings the index to what the primary says of the event's product now. The event is only a wake-up: a late or repeated
 * one writes the present truth again, and two that are handled at once are sorted out by {@link writeProducts}.
 */
export async function syncProduct(context: Context, event: ProductEvent): Promise<void> {
  return syncProductsOf(context, [event]);
}

/** The same for many events at once: one reading and one write for all of their products. */
export async function syncProductsOf(context: Context, events: readonly ProductEvent[]): Promise<void> {
  const changed = new Set<string>();
  const skus: string[] = [];
  for (const event of events) {
    if (event.type === "stock.changed") skus.push(event.data.sku);
    else changed.add(event.data.product_id);
  }
  const stocked = (await productIdsOfSkus(context, skus)).filter((id) => !changed.has(id));
  const productIds = [...changed, ...(await withOldStock(context, stocked))];
  if (productIds.length > 0) await syncProducts(context, productIds);
}

/** Writes the present truth of these products to the index, or to both while one is being rebuilt. */
export async function syncProducts(context: Context, productIds: readonly string[]): Promise<void> {
  await ensureIndex(context);
  await writeProducts(context, { productIds, readPlace: () => readWritePlace(context) });
}

/**
 * Those of which the index may say something else of the stock than in stock, low or out as it is now. A rush that
 * sells hundreds of units writes to the index twice for each SKU: when it is low, and when it is out. What was noted of
 * the index before a rebuild says nothing of the new one, and while one runs everything is written.
 */
async function withOldStock(context: Context, productIds: readonly string[]): Promise<string[]> {
  if (productIds.length === 0) return [];
  const { generation, isRebuilding } = await readWritePlace(context);
  const noted = await Promise.all(productIds.map((id) => readNotedPicture(context, generation, id)));
  const products = await readProductDocuments(context, productIds);
  return productIds.filter((id, index) => {
    const product = products.get(id);
    // A product that went off sale was deleted by the event of that change.
    return product !== undefined && (isRebuilding || noted[index] !== stockPicture(product));
  });
}
