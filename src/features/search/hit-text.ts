import type { ProductWire } from "#features/catalog/schema";
import type { FoundHit } from "./schema.ts";

/** Products are found again and again, and writing one as JSON takes longer than everything else about a hit. */
const texts = new WeakMap<ProductWire, string>();

/** A hit as the JSON of a SearchHit. */
export function hitToJson({ product, highlight }: FoundHit): string {
  return `${textOf(product).slice(0, -1)},"highlight":${JSON.stringify(highlight)}}`;
}

function textOf(product: ProductWire): string {
  const known = texts.get(product);
  if (known !== undefined) return known;
  const text = JSON.stringify(product);
  texts.set(product, text);
  return text;
}
