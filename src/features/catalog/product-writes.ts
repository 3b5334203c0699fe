import { type SQL, sql } from "drizzle-orm";
import type { EpochMs } from "#core/time";
import type { NewEvent } from "#events/catalogue";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { holdDefinitions } from "./attribute-store.ts";
import type { CategoryDetails } from "./details.ts";
import { insertFirstCounts } from "./first-counts.ts";
import { type ProductWrite, pricesOf } from "./product-record.ts";

/** A category to be made, its parent made before it or in the same statement. */
export type NewCategory = {
  readonly id: string;
  readonly handle: string;
  readonly title: string;
  readonly parent_id: string | null;
} & CategoryDetails;

/**
 * The statements that write products with their variants, categories and events, however many they are: they belong
 * into one transaction. It breaks with `lostRace` when a product is no longer at the version that was read or a SKU
 * has got another owner, and on a unique key when a handle or a category has been taken.
 */
export function writeProductsStatements(context: Context, writes: readonly ProductWrite[], at: EpochMs) {
  const { primary } = context.databases;
  const created = writes.filter(({ expectedVersion }) => expectedVersion === undefined);
  const updated = writes.filter(({ expectedVersion }) => expectedVersion !== undefined);
  const definitions = writes.flatMap((write) => write.definitions ?? []);
  return [
    holdDefinitions(context, [...new Map(definitions.map((each) => [each.key, each])).values()]),
    primary.execute(insertFirstCounts(writes.flatMap(({ firstCounts }) => firstCounts))),
    primary.execute(insertProducts(created, at)),
    primary.execute(lockProducts(updated)),
    primary.execute(updateProducts(updated, at)),
    primary.execute(deleteGoneVariants(updated)),
    primary.execute(upsertVariants(writes)),
    primary.execute(unlinkCategories(updated)),
    primary.execute(linkCategories(writes)),
    insertEvents(context, writes.map(eventOf)),
  ] as const;
}

export function insertCategories(context: Context, categories: readonly NewCategory[]) {
  return context.databases.primary.execute(sql`
    insert into categories (id, handle, title, parent_id, description, image, position, metadata)
    select id, handle, title, parent_id, coalesce(r.description, ''), r.image, coalesce(r.position, 0),
      coalesce(r.metadata, '{}')
    from jsonb_to_recordset(${JSON.stringify(categories)}::jsonb)
      as r (id text, handle text, title text, parent_id text, description text, image jsonb, position integer,
        metadata jsonb)`);
}

function eventOf({ record, expectedVersion }: ProductWrite): NewEvent {
  const version = (expectedVersion ?? 0) + 1;
  if (record.status !== "archived")
    return { type: "product.changed", subject: record.id, data: { product_id: record.id, version } };
  const data = { product_id: record.id, handle: record.handle, version };
  return { type: "product.deleted", subject: record.id, data };
}

const columnsOfProducts = sql`
  id text, handle text, title text, description text, brand text, product_type text, status text, tags text[],
  options jsonb, images jsonb, attributes jsonb, metadata jsonb, currency text, price_min bigint, price_max bigint, version bigint, at bigint,
  skus text[], category_handles text[], findable_variants jsonb`;

function productRows(writes: readonly ProductWrite[], at: EpochMs): SQL {
  const rows = writes.map(({ record, expectedVersion }) => {
    const { categoryHandles, variants, productType, ...columns } = record;
    const { priceMin, priceMax } = pricesOf(record);
    return {
      ...columns,
      product_type: productType,
      price_min: priceMin,
      price_max: priceMax,
      version: expectedVersion ?? 0,
      at,
      skus: variants.map(({ sku }) => sku),
      category_handles: categoryHandles,
      findable_variants: variants.map(({ options, attributes }) => ({ options, attributes })),
    };
  });
  return sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (${columnsOfProducts})`;
}

/** What lists find the product by; see the migrations for list_terms and in_stock. */
const termsOfRow = sql`
  product_terms(array(
    with recursive up (id) as (
      select coalesce(merged_into, id) from categories where handle = any (r.category_handles)
      union
      select c.parent_id from categories c join up on up.id = c.id where c.parent_id is not null)
    select id from up), r.attributes, r.findable_variants)`;
const stockOfRow = sql`exists (select 1 from stock_levels s where s.sku = any (r.skus) and s.available > 0)`;

/** Stock levels that change meanwhile wait with their note for the product's row, or have been committed before. */
function lockProducts(writes: readonly ProductWrite[]): SQL {
  const ids = JSON.stringify(writes.map(({ record }) => record.id));
  return sql`
    select 1 from products where id = any (array(select jsonb_array_elements_text(${ids}::jsonb)))
    order by id for no key update`;
}

function insertProducts(writes: readonly ProductWrite[], at: EpochMs): SQL {
  return sql`
    insert into products (id, handle, title, description, brand, product_type, status, tags, options, images,
      attributes, metadata, currency, price_min, price_max, list_terms, in_stock, created_at, updated_at)
    select id, handle, title, description, brand, product_type, status, tags, options, images,
      attributes, metadata, currency, price_min, price_max, ${termsOfRow}, ${stockOfRow},
      to_timestamp(at / 1000.0), to_timestamp(at / 1000.0)
    from ${productRows(writes, at)}`;
}

function updateProducts(writes: readonly ProductWrite[], at: EpochMs): SQL {
  return sql`
    with written as (
      update products p set handle = r.handle, title = r.title, description = r.description, brand = r.brand,
        product_type = r.product_type, status = r.status, tags = r.tags, options = r.options, images = r.images,
        attributes = r.attributes, metadata = r.metadata,
        currency = r.currency, price_min = r.price_min, price_max = r.price_max,
        list_terms = ${termsOfRow}, in_stock = ${stockOfRow},
        version = p.version + 1, updated_at = to_timestamp(r.at / 1000.0)
      from ${productRows(writes, at)}
      where p.id = r.id and p.version = r.version
      returning 1)
    select expect_rows((select count(*) from written), ${writes.length})`;
}

function deleteGoneVariants(writes: readonly ProductWrite[]): SQL {
  const rows = writes.map(({ record }) => ({
    product_id: record.id,
    skus: record.variants.map(({ sku }) => sku),
  }));
  return sql`
    delete from variants v
    using jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (product_id text, skus text[])
    where v.product_id = r.product_id and v.sku <> all (r.skus)`;
}

function upsertVariants(writes: readonly ProductWrite[]): SQL {
  const rows = writes.flatMap(({ record }) =>
    record.variants.map((variant, position) => ({
      id: variant.id,
      product_id: record.id,
      position,
      sku: variant.sku,
      title: variant.title,
      options: variant.options,
      price: variant.price,
      compare_at_price: variant.compareAtPrice,
      currency: record.currency,
      image_url: variant.imageUrl,
      barcode: variant.barcode,
      weight_grams: variant.weightGrams,
      attributes: variant.attributes,
      metadata: variant.metadata,
    })),
  );
  return sql`
    with written as (
      insert into variants (id, product_id, position, sku, title, options, price, compare_at_price, currency,
        image_url, barcode, weight_grams, attributes, metadata)
      select id, product_id, position, sku, title, options, price, compare_at_price, currency, image_url, barcode,
        weight_grams, attributes, metadata
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (
        id text, product_id text, position integer, sku text, title text, options jsonb, price bigint,
        compare_at_price bigint, currency text, image_url text, barcode text, weight_grams integer,
        attributes jsonb, metadata jsonb)
      on conflict (sku) do update set position = excluded.position, title = excluded.title,
        options = excluded.options, price = excluded.price, compare_at_price = excluded.compare_at_price,
        currency = excluded.currency, image_url = excluded.image_url, barcode = excluded.barcode,
        weight_grams = excluded.weight_grams,
        attributes = excluded.attributes, metadata = excluded.metadata, updated_at = now()
      where variants.product_id = excluded.product_id
      returning 1)
    select expect_rows((select count(*) from written), ${rows.length})`;
}

function unlinkCategories(writes: readonly ProductWrite[]): SQL {
  const ids = JSON.stringify(writes.map(({ record }) => record.id));
  return sql`
    delete from product_categories
    where product_id = any (array(select jsonb_array_elements_text(${ids}::jsonb)))`;
}

/** Filed under what has none of its own categories below it, and linked with all that is above as the tree is now. */
function linkCategories(writes: readonly ProductWrite[]): SQL {
  const links = writes.flatMap(({ record }) =>
    record.categoryHandles.map((handle) => ({ product_id: record.id, handle })),
  );
  return sql`
    with recursive named (product_id, category_id) as (
      select distinct r.product_id, coalesce(c.merged_into, c.id)
      from jsonb_to_recordset(${JSON.stringify(links)}::jsonb) as r (product_id text, handle text)
      join categories c on c.handle = r.handle),
    linked as (
      select product_id, category_id from named
      union
      select linked.product_id, c.parent_id from linked join categories c on c.id = linked.category_id
      where c.parent_id is not null)
    insert into product_categories (product_id, category_id, filed)
    select product_id, category_id, not exists (
      select 1 from linked below join categories c on c.id = below.category_id
      where below.product_id = linked.product_id and c.parent_id = linked.category_id)
    from linked`;
}
