import { and, eq, inArray } from "drizzle-orm";
import { Currency, type Money, money } from "#core/money";
import type { Context } from "#platform/context";
import { readProducts } from "./cached-products.ts";
import type { ProductDocument } from "./document.ts";
import { productIdsByVariant } from "./product-ids.ts";
import { sellableTitle } from "./rules.ts";
import { products, stockLevels, variants } from "./tables.ts";

/** A variant of an active product, with what a cart or an order needs to know of it. */
export type SellableVariant = {
  readonly id: string;
  readonly productId: string;
  readonly productVersion: number;
  readonly sku: string;
  /** The product's title and, where it has several variants, the variant's. */
  readonly title: string;
  readonly options: Readonly<Record<string, string>>;
  readonly imageUrl: string | null;
  readonly price: Money;
  /** Advisory; undefined until the variant's inventory object has reported. */
  readonly available: number | undefined;
  /** Units that its inventory object may not have taken yet; known where the primary was asked. */
  readonly firstCount?: number | undefined;
  readonly productStatus: "active";
};

/**
 * The variants that can be sold; unknown ones and those of draft or archived products are absent. Cached: isolate
 * memory, then Redis, then a replica.
 */
export async function readVariants(
  context: Context,
  variantIds: readonly string[],
): Promise<ReadonlyMap<string, SellableVariant>> {
  const productIds = await productIdsByVariant(context, variantIds);
  const documents = await readProducts(context, [...productIds.values()]);
  const found = new Map<string, SellableVariant>();
  for (const [variantId, productId] of productIds) {
    const product = documents.get(productId);
    const sellable = product && sellableVariantOf(product, variantId);
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

function sellableVariantOf(product: ProductDocument, variantId: string): SellableVariant | undefined {
  const variant = product.variants.find(({ id }) => id === variantId);
  if (variant === undefined || product.status !== "active") return undefined;
  return {
    id: variant.id,
    productId: product.id,
    productVersion: product.version,
    sku: variant.sku,
    title: sellableTitle(product.title, variant.title),
    options: variant.options,
    imageUrl: variant.imageUrl ?? product.images[0]?.url ?? null,
    price: money(variant.price, product.currency),
    available: variant.available ?? undefined,
    productStatus: product.status,
  };
}
