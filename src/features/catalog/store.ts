import { type SQL, sql } from "drizzle-orm";
import type { Database } from "#platform/database";
import { ProductDocument } from "./document.ts";

/**
 * The statement that reads whole products, whatever their status; pass its rows to {@link documentsOf}. The condition
 * speaks of `p`, the product.
 */
export function selectDocuments(database: Database, condition: SQL) {
  return database.execute(sql`
    select jsonb_build_object(
      'id', p.id, 'handle', p.handle, 'title', p.title, 'description', p.description, 'brand', p.brand,
      'productType', p.product_type, 'status', p.status, 'tags', to_jsonb(p.tags), 'options', p.options,
      'images', p.images, 'attributes', p.attributes, 'metadata', p.metadata, 'currency', p.currency, 'priceMin', p.price_min, 'priceMax', p.price_max,
      'ratingAverage', p.rating_average, 'ratingCount', p.rating_count, 'version', p.version,
      'createdAt', extract(epoch from p.created_at) * 1000, 'updatedAt', extract(epoch from p.updated_at) * 1000,
      'categories', coalesce((
        select jsonb_agg(jsonb_build_object(
          'id', c.id, 'handle', c.handle, 'title', c.title, 'parentId', c.parent_id) order by c.handle)
        from product_categories pc join categories c on c.id = pc.category_id
        where pc.product_id = p.id), '[]'),
      'variants', coalesce(v.list, '[]'), 'stockVersion', coalesce(v.stock_version, 0) + p.rating_version) as document
    from products p
    left join lateral (
      select sum(s.version) as stock_version, jsonb_agg(jsonb_build_object(
        'id', v.id, 'sku', v.sku, 'title', v.title, 'options', v.options, 'price', v.price,
        'compareAtPrice', v.compare_at_price, 'imageUrl', v.image_url, 'barcode', v.barcode,
        'weightGrams', v.weight_grams, 'attributes', v.attributes, 'metadata', v.metadata, 'available', s.available) order by v.position) as list
      from variants v left join stock_levels s on s.sku = v.sku
      where v.product_id = p.id) v on true
    where ${condition}`);
}

export function documentsOf(result: { rows: Record<string, unknown>[] }): ProductDocument[] {
  return result.rows.map((row) => ProductDocument.parse(row["document"]));
}

export function byId(products: readonly ProductDocument[]): ReadonlyMap<string, ProductDocument> {
  return new Map(products.map((product) => [product.id, product]));
}

/** Postgres' array parameter for `= any(…)`: one parameter however many values. */
export function anyOf(values: readonly string[]): SQL {
  return sql`any(array(select jsonb_array_elements_text(${JSON.stringify(values)}::jsonb)))`;
}
