import type { EpochMs } from "#core/time";

/** That a product was announced, in this version. */
export type ProductNews = { readonly productId: string; readonly version: string };

type KnownProduct<Variant> = ProductNews & { readonly variants: ReadonlyMap<string, Variant> };

/**
 * Products as an isolate has seen them, believed until it hears of a newer version: it has to hear everything that is
 * announced, in any order and any number of times. Versions of one product are texts that sort as they grow.
 */
export type SellableMemory<Variant> = {
  find: (variantId: string, now: EpochMs) => Variant | undefined;
  /** Whatever is older than what was heard of, or comes before the memory believes anything, is not kept. */
  keep: (product: KnownProduct<Variant>, now: EpochMs) => void;
  hear: (news: readonly ProductNews[]) => void;
  /** Something was missed: nothing is known any more, and nothing is believed before this time. */
  beginAnew: (believesFrom: EpochMs) => void;
};

type Limits = {
  /** The product that was kept longest ago makes room, and of what was heard the oldest. */
  productsMax: number;
  newsMax: number;
  /** How long something is believed of which nothing newer is heard. */
  lifeMs: number;
};

export function createSellableMemory<Variant>(limits: Limits): SellableMemory<Variant> {
  const products = new Map<string, KnownProduct<Variant> & { readonly keptAt: EpochMs }>();
  const productOfVariant = new Map<string, string>();
  const heard = new Map<string, string>();
  let believesFrom = Infinity;

  function forget(productId: string): void {
    for (const variantId of products.get(productId)?.variants.keys() ?? [])
      productOfVariant.delete(variantId);
    products.delete(productId);
  }

  return {
    find: (variantId, now) => {
      const product = products.get(productOfVariant.get(variantId) ?? "");
      if (product === undefined || now - product.keptAt >= limits.lifeMs) return undefined;
      return product.variants.get(variantId);
    },
    keep: (product, now) => {
      const { productId, version, variants } = product;
      const newest = [heard.get(productId), products.get(productId)?.version];
      if (now < believesFrom || newest.some((known) => known !== undefined && known > version)) return;
      forget(productId);
      products.set(productId, { ...product, keptAt: now });
      for (const variantId of variants.keys()) productOfVariant.set(variantId, productId);
      if (products.size > limits.productsMax) forEldest(products, forget);
    },
    hear: (news) => {
      for (const { productId, version } of news) {
        const known = heard.get(productId);
        heard.delete(productId);
        heard.set(productId, known !== undefined && known > version ? known : version);
        if (heard.size > limits.newsMax) forEldest(heard, (eldest) => heard.delete(eldest));
        const kept = products.get(productId);
        if (kept !== undefined && kept.version < version) forget(productId);
      }
    },
    beginAnew: (time) => {
      products.clear();
      productOfVariant.clear();
      heard.clear();
      believesFrom = time;
    },
  };
}

function forEldest(entries: ReadonlyMap<string, unknown>, act: (key: string) => void): void {
  const [eldest] = entries.keys();
  if (eldest !== undefined) act(eldest);
}
