import { type SQL, sql } from "drizzle-orm";
import { anyOf } from "./store.ts";

/** More words narrow the search no further, and are cut like those of products: see the migration for products.words. */
const wordsMax = 6;
const wordCharactersMax = 40;

/** The product `p` has a word for each that was typed, which may be its beginning, or a variant with this as its SKU. */
export function isMeantBy(text: string): SQL {
  const skus = [...new Set([text, text.toUpperCase()])];
  const hasSku = sql`p.id = any (array(select product_id from variants where sku = ${anyOf(skus)}))`;
  const words = wordsOf(text);
  if (words.length === 0) return hasSku;
  const beginnings = words.map((word) => `'${word}':*`).join(" & ");
  return sql`(p.words @@ ${beginnings}::tsquery or ${hasSku})`;
}

/** The words of a text as products have them. */
export function wordsOf(text: string): string[] {
  const runs = text.toLowerCase().match(/[a-z0-9\u{80}-\u{10ffff}]+/gu) ?? [];
  return runs
    .filter((run) => /[\p{L}\p{N}]/u.test(run))
    .slice(0, wordsMax)
    .map((run) => Array.from(run).slice(0, wordCharactersMax).join(""));
}
