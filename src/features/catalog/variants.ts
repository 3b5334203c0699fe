import { and, eq, inArray } from "drizzle-orm";
import { Currency, money } from "#core/money";
import type { Context } from "#platform/context";
import { readProducts } from "./cached-products.ts";
import { changes } from "./changes.ts";
import { productIdsByVariant } from "./product-ids.ts";
import { sellableTitle } from "./rules.ts";
import { type SellableVariant, sellables, sellableVariantsOf } from "./sellables.ts";
import { products, stockLevels, variants } from "./tables.ts";

/**
 * The variants that can be sold; unknown ones and those of draft or archived products are absent. Cached: what this
 * isolate has seen while it hears of changes, else Redis, then a replica.
 */
export async function readVariants(
  context: Context,
  variantIds: readonly string[],
): Promise<ReadonlyMap<string, SellableVariant>> {
  const found = new Map<string, SellableVariant>();
  if (context.mustSee === undefined && (await changes.follow(context)))
    for (const variantId of variantIds) {
      const known = sellables.find(variantId, context.now());
      if (known !== undefined) found.set(variantId, known);
    }
  const others = variantIds.filter((variantId) => !found.has(variantId));
  if (others.length === 0) return found;
  const productIds = await productIdsByVariant(context, others);
  const documents = await readProducts(context, [...productIds.values()]);
  for (const [variantId, productId] of productIds) {
    const product = documents.get(productId);
    const sellable = product && sellableVariantsOf(product).get(variantId);
    if (sellable) found.set(variantId, sellable);
  }
  return found;
}

/**
 * A statement on the primary that reads the same facts, to be put into a batch; {@link pricedVariantsOf} makes
 * variants of its rows.
 */
export function priceVariantsStatement(context: Context, variantIds: readonly string[]) {
  return context.databases.primary
    .select({
      id: variants.id,
      productId: variants.productId,
      productVersion: products.version,
      productTitle: products.title,
      productImages: products.images,
      sku: variants.sku,
      title: variants.title,
      options: variants.options,
      imageUrl: variants.imageUrl,
      price: variants.price,
      currency: variants.currency,
      available: stockLevels.available,
      onHand: stockLevels.onHand,
      stockVersion: stockLevels.version,
    })
    .from(variants)
    .innerJoin(products, eq(products.id, variants.productId))
    .leftJoin(stockLevels, eq(stockLevels.sku, variants.sku))
    .where(and(inArray(variants.id, [...variantIds]), eq(products.status, "active")));
}

type PricedRow = Awaited<ReturnType<typeof priceVariantsStatement>>[number];

export function pricedVariantsOf(rows: readonly PricedRow[]): ReadonlyMap<string, SellableVariant> {
  return new Map(
    rows.map((row) => [
      row.id,
      {
        id: row.id,
        productId: row.productId,
        productVersion: row.productVersion,
        sku: row.sku,
        title: sellableTitle(row.productTitle, row.title),
        options: row.options,
        imageUrl: row.imageUrl ?? row.productImages[0]?.url ?? null,
        price: money(row.price, Currency.parse(row.currency)),
        available: row.available ?? undefined,
        firstCount: row.stockVersion === 0 ? (row.onHand ?? undefined) : undefined,
        productStatus: "active",
      },
    ]),
  );
}
