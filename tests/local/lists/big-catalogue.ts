import { fillDatabase } from "./fill-database.ts";

/** The whole proof asks for 100,000. */
const productsMade = Number(process.env["LISTED_PRODUCTS"] ?? 20_000);

/** Of every twenty products one is a draft and one archived. */
export const productsOnSale = productsMade * 0.9;

/**
 * Migrates the database and fills it by itself: 610 categories in three levels, brands of which few are large, ratings
 * of which most are missing, and 4 to 6 variants a product. The same numbers give the same catalogue.
 */
export async function fillCatalogue(databaseUrl: string): Promise<void> {
  await fillDatabase(databaseUrl, statements);
}

const productId = (number: string) => `'prd_' || lpad(${number}::text, 26, '0')`;
const everyProduct = `generate_series(1, ${productsMade}) i`;
/** An even number below 65,536 for each product and purpose. */
const scattered = (purpose: number) => `(hashint4(i * 31 + ${purpose}) & 65535)`;

/** Triggers and foreign keys would be asked of each row; what they keep is written here as they would have it. */
const statements = [
  "set session_replication_role = replica",
  "set synchronous_commit = off",
  // Built once at the end, as an index is built faster over what is there; names are not looked for here.
  "drop index products_names_like",
  "drop index products_words",
  "drop index products_terms",
  "drop index products_price_ranges",
  `insert into categories (id, handle, title, parent_id)
    select 'cat_' || a, 'a' || a, 'Area ' || a, null from generate_series(0, 9) a
    union all
    select 'cat_' || a || b, 'a' || a || '/b' || b, 'Branch ' || b, 'cat_' || a
    from generate_series(0, 9) a, generate_series(0, 9) b
    union all
    select 'cat_' || a || b || c, 'a' || a || '/b' || b || '/c' || c, 'Corner ' || c, 'cat_' || a || b
    from generate_series(0, 9) a, generate_series(0, 9) b, generate_series(0, 4) c`,
  `insert into product_categories (product_id, category_id)
    select ${productId("i")}, 'cat_' || left(place, levels)
    from ${everyProduct},
      lateral (select (${scattered(1)} % 10)::text || ${scattered(2)} % 10 || ${scattered(3)} % 5 as place) places,
      generate_series(1, 3) levels`,
  `insert into variants (id, product_id, position, sku, title, options, price, currency)
    select 'var_' || lpad((i * 10 + v)::text, 26, '0'), ${productId("i")}, v, 'SKU-' || i || '-' || v, 'Variant ' || v,
      jsonb_build_object('Size', (array['S', 'M', 'L'])[1 + v % 3], 'Colour', (array['Red', 'Blue'])[1 + v / 3]),
      500 + ${scattered(4)} / 4 + v * 60, 'USD'
    from ${everyProduct}, generate_series(0, 5) v where v < 4 + i % 2 + ${scattered(5)} % 10 / 8`,
  `insert into stock_levels (sku, on_hand, held, sold, version)
    select sku, case when hashtext(sku) & 3 = 0 then 0 else 7 end, 0, 0, 1 from variants`,
  "analyze variants, product_categories, stock_levels",
  `insert into products (id, handle, title, brand, status, attributes, currency, price_min, price_max,
      rating_sum, rating_count, created_at, list_terms, in_stock)
    select made.id, 'product-' || i, md5(i::text), 'Brand ' || floor(500 * power(${scattered(6)} / 65536.0, 2)),
      case i % 20 when 0 then 'draft' when 1 then 'archived' else 'active' end, made.attributes, 'USD',
      have.price_min, have.price_max,
      case when i % 5 < 3 then 0 else 4 * (1 + ${scattered(7)} % 5) end, case when i % 5 < 3 then 0 else 4 end,
      timestamptz '2026-01-01' + (i / 200) * interval '1 hour',
      product_terms(array(select category_id from product_categories where product_id = made.id),
        made.attributes, have.variants), have.stock
    from ${everyProduct},
      lateral (select ${productId("i")} as id, case
        when i = ${productsMade / 2 + 2} then '{"fabric": "vicuna"}'
        when i % 3 = 0 then jsonb_build_object('fabric', (array['wool', 'cotton', 'down', 'nylon'])[1 + i / 3 % 4])
        else '{}' end as attributes) made,
      lateral (
        select jsonb_agg(jsonb_build_object('options', v.options, 'attributes', v.attributes)) as variants,
          bool_or(s.available > 0) as stock, min(v.price) as price_min, max(v.price) as price_max
        from variants v join stock_levels s on s.sku = v.sku where v.product_id = made.id) have`,
  "create index products_terms on products using gin (list_terms) where status = 'active'",
  `create index products_price_ranges on products using gist (int8range(price_min, price_max, '[]'))
    where status = 'active'`,
  "vacuum (analyze) products, variants, stock_levels",
];
