import { sql } from "drizzle-orm";
import { z } from "zod";
import { AppError } from "#core/errors";
import type { Currency } from "#core/money";
import type { EpochMs } from "#core/time";
import type { Context } from "#platform/context";
import { DocumentCategory, type ProductDocument } from "./document.ts";
import { type FirstCount, type ProductRecord, pricesOf } from "./product-record.ts";
import { anyOf } from "./store.ts";

/** Who has these SKUs, and what their inventory objects have reported. */
export function selectSkus(context: Context, skus: readonly string[]) {
  return context.databases.primary.execute(sql`
    select r.sku, v.product_id, s.available, s.version
    from jsonb_array_elements_text(${JSON.stringify(skus)}::jsonb) as r (sku)
    left join variants v on v.sku = r.sku
    left join stock_levels s on s.sku = r.sku`);
}

const SkuRow = z.object({
  sku: z.string(),
  product_id: z.string().nullable(),
  available: z.coerce.number().nullable(),
  version: z.coerce.number().nullable(),
});
export type SkuRow = z.infer<typeof SkuRow>;

/** @throws AppError sku_taken when a SKU is another product's. */
export function skusOf(result: { rows: Record<string, unknown>[] }, productId: string): SkuRow[] {
  const rows = result.rows.map((row) => SkuRow.parse(row));
  const foreign = rows.find((row) => row.product_id !== null && row.product_id !== productId);
  if (foreign !== undefined)
    throw new AppError("sku_taken", {
      detail: `SKU ${foreign.sku} belongs to product ${foreign.product_id}; choose another.`,
    });
  return rows;
}

/** The categories with these handles or ids, and all their ancestors. */
export function selectCategories(context: Context, names: readonly string[]) {
  return context.databases.primary.execute(sql`
    with recursive chosen as (
      select id, handle, title, parent_id from categories
      where (id = ${anyOf(names)} or handle = ${anyOf(names)}) and merged_into is null
      union
      select c.id, c.handle, c.title, c.parent_id from categories c join chosen on c.id = chosen.parent_id)
    select id, handle, title, parent_id as "parentId" from chosen order by handle`);
}

export type Category = z.infer<typeof DocumentCategory>;

/** @throws AppError invalid_request when one of the names is no category's. */
export function categoriesOf(
  result: { rows: Record<string, unknown>[] },
  names: readonly string[],
  pointerTo = (index: number) => `/categories/${index}`,
): Category[] {
  const categories = result.rows.map((row) => DocumentCategory.parse(row));
  const errors = names.flatMap((name, index) =>
    categories.some(({ id, handle }) => id === name || handle === name)
      ? []
      : [
          {
            pointer: pointerTo(index),
            code: "unknown_category",
            detail: "GET /categories lists them all.",
          },
        ],
  );
  if (errors.length > 0)
    throw new AppError("invalid_request", { detail: "A category does not exist; see errors.", errors });
  return categories;
}

/** A new product as readers will find it once the record is written. */
export function newDocument(
  record: ProductRecord,
  facts: {
    currency: Currency;
    categories: Category[];
    skus: readonly SkuRow[];
    firstCounts: readonly FirstCount[];
    createdAt: EpochMs;
  },
): ProductDocument {
  const { categoryHandles: _, variants, ...content } = record;
  const { skus, firstCounts, createdAt, ...rest } = facts;
  const stock = new Map(skus.map((row) => [row.sku, row]));
  const counted = new Map(firstCounts.map(({ sku, quantity }) => [sku, quantity]));
  return {
    ...content,
    ...rest,
    ...pricesOf(record),
    tags: [...record.tags],
    options: [...record.options],
    images: [...record.images],
    attributes: { ...record.attributes },
    metadata: { ...record.metadata },
    ratingAverage: 0,
    ratingCount: 0,
    variants: variants.map((variant) => ({
      ...variant,
      options: { ...variant.options },
      attributes: { ...variant.attributes },
      metadata: { ...variant.metadata },
      available: stock.get(variant.sku)?.available ?? counted.get(variant.sku) ?? null,
    })),
    version: 1,
    stockVersion: variants.reduce((sum, { sku }) => sum + (stock.get(sku)?.version ?? 0), 0),
    createdAt,
    updatedAt: createdAt,
  };
}
