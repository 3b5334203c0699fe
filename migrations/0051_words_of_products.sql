-- What products are found by while the search index is away: the words of their names, brands, types and tags stand in
-- their own rows, so that a search walks the order it asks for or gathers what has rare words, and never compares texts.
-- Locks: access exclusive on products while its rows are rewritten and the index is built, about a second for each 10,000
-- products: pause imports, and expect the catalogue's reads and writes to wait meanwhile.

-- Runs of letters and digits in small letters, shortened; whatever is not ASCII counts as a letter. The runs of a query
-- are told in src/features/search/found-ids.ts.
create function product_words(title text, brand text, product_type text, tags text[]) returns tsvector
language sql immutable parallel safe
return (
  select array_to_tsvector(coalesce(array_agg(distinct left(word, 40)), '{}'))
  from regexp_split_to_table(
    lower(concat_ws(' ', title, brand, product_type, array_to_string(tags, ' '))),
    '[^a-z0-9\u0080-\U0010FFFF]+') as word
  where word <> '');

alter table products
  add column words tsvector not null generated always as (product_words(title, brand, product_type, tags)) stored;

-- Additions wait in a list that every search reads whole: it stays short.
create index products_words on products using gin (words) with (gin_pending_list_limit = 1024)
  where status = 'active';

-- What Postgres plans with, at once.
analyze products;
