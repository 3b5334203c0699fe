-- What product lists filter by stands in the product's own row, so that a page costs the same wherever in the list it is:
-- lists walk the index of their sort, or gather what a rare filter finds, and join nothing.
-- Locks: access exclusive on products while its rows are filled in and its indexes built, a second for each 10,000
-- products: pause imports, and expect the catalogue's writes and reads to wait meanwhile.

-- One thing that a list can ask for: a category, an attribute's value, some options of one variant. A hash, since texts
-- can be longer than an index takes.
create function product_term(kind text, content text) returns uuid
language sql immutable parallel safe
return md5(kind || E'\n' || content)::uuid;

-- Everything that lists can find a product by. Variants come as [{ "options": {}, "attributes": {} }]; each set of up to
-- three of a variant's options has a term, so that what is found holds of one and the same variant.
create function product_terms(category_ids text[], attributes jsonb, variants jsonb) returns uuid[]
language sql immutable parallel safe
return (
  with owned (attributes) as (
    select product_terms.attributes
    union all
    select variant -> 'attributes' from jsonb_array_elements(variants) as v (variant)
  ),
  valued (key, value) as (
    select member.key, element.value
    from owned, jsonb_each(owned.attributes) as member,
      jsonb_array_elements(case jsonb_typeof(member.value) when 'array' then member.value
        else jsonb_build_array(member.value) end) as element
  ),
  chosen (variant, name, value) as (
    select v.number, option.key, option.value
    from jsonb_array_elements(variants) with ordinality as v (variant, number),
      jsonb_each_text(v.variant -> 'options') as option
  ),
  terms (term) as (
    select product_term('category', id) from unnest(category_ids) as id
    union
    select product_term('attribute', jsonb_build_object(key, value)::text) from valued
    union
    select product_term('options', jsonb_build_object(name, value)::text) from chosen
    union
    select product_term('options', jsonb_build_object(a.name, a.value, b.name, b.value)::text)
    from chosen a join chosen b on a.variant = b.variant and a.name < b.name
    union
    select product_term('options', jsonb_build_object(a.name, a.value, b.name, b.value, c.name, c.value)::text)
    from chosen a join chosen b on a.variant = b.variant and a.name < b.name
    join chosen c on b.variant = c.variant and b.name < c.name
  )
  select coalesce(array_agg(term order by term), '{}') from terms
);

alter table products
  -- By product_terms, kept by the verbs that write products and categories.
  add column list_terms uuid[] not null default '{}',
  -- Some variant's stock level is above zero: kept by those verbs and, as levels come and go, by the trigger below.
  add column in_stock boolean not null default false;

update products p set
  list_terms = product_terms(
    array(select category_id from product_categories where product_id = p.id),
    p.attributes,
    coalesce((
      select jsonb_agg(jsonb_build_object('options', v.options, 'attributes', v.attributes))
      from variants v where v.product_id = p.id), '[]')),
  in_stock = exists (
    select 1 from variants v join stock_levels s on s.sku = v.sku where v.product_id = p.id and s.available > 0);

-- Additions wait in a list that every search reads whole: it stays short.
create index products_terms on products using gin (list_terms) with (gin_pending_list_limit = 1024)
  where status = 'active';
create index products_stocked on products (in_stock, created_at desc, id desc) where status = 'active';

-- price_max lets a price range be judged within the index; of ranges Postgres also knows how many overlap another, which
-- it cannot tell of two columns that go together.
create index products_prices on products (currency, price_min, id, price_max) where status = 'active';
drop index products_price;
create index products_price_ranges on products using gist (int8range(price_min, price_max, '[]'))
  where status = 'active';
create statistics products_price_range on (int8range(price_min, price_max, '[]')) from products;
-- Attributes are found by their terms.
drop index products_attributes;
drop index variants_attributes;

-- Locks the product before it looks, so that of two SKUs that change together the later sees both.
create function note_stock_of_product() returns trigger
language plpgsql as $$
declare
  owner text;
begin
  select product_id into owner from variants where sku = new.sku;
  perform 1 from products where id = owner for no key update;
  update products p set in_stock = not p.in_stock
  where p.id = owner and p.in_stock <> exists (
    select 1 from variants v join stock_levels s on s.sku = v.sku where v.product_id = owner and s.available > 0);
  return null;
end $$;
create trigger note_first_stock_of_product after insert on stock_levels
  for each row when (new.available > 0) execute function note_stock_of_product();
create trigger note_stock_of_product after update on stock_levels
  for each row when ((old.available > 0) <> (new.available > 0)) execute function note_stock_of_product();

-- What Postgres plans with, at once.
analyze products;
