import { type Money, money } from "#core/money";
import { minuteMs } from "#core/time";
import type { ProductDocument } from "./document.ts";
import { sellableTitle } from "./rules.ts";
import { createSellableMemory } from "./sellable-memory.ts";

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

/** What this isolate has seen of products, for as long as it hears of changes: see changes.ts. */
export const sellables = createSellableMemory<SellableVariant>({
  productsMax: 5_000,
  newsMax: 20_000,
  lifeMs: 5 * minuteMs,
});

/** The variants of a product by id; none of one that is not active. */
export function sellableVariantsOf(product: ProductDocument): ReadonlyMap<string, SellableVariant> {
  const { status } = product;
  if (status !== "active") return new Map();
  return new Map(
    product.variants.map((variant) => [
      variant.id,
      {
        id: variant.id,
        productId: product.id,
        productVersion: product.version,
        sku: variant.sku,
        title: sellableTitle(product.title, variant.title),
        options: variant.options,
        imageUrl: variant.imageUrl ?? product.images[0]?.url ?? null,
        price: money(variant.price, product.currency),
        available: variant.available ?? undefined,
        productStatus: status,
      },
    ]),
  );
}
