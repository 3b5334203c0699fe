-- What staff keeps of search: words that mean the same, beginning with those that the shop came with. And an index by
-- which a misspelt word finds the products whose names are like it, for "did you mean".
-- Locks: new tables; a share lock on products while its index is built, which stops writes to the catalogue meanwhile.

create extension if not exists pg_trgm;

-- The expression is repeated by src/features/search/did-you-mean.ts.
create index products_names_like on products
  using gin ((title || ' ' || coalesce(brand, '') || ' ' || coalesce(product_type, '')) gin_trgm_ops)
  where status = 'active';

create table search_synonyms (
  id text primary key,
  -- Without an input each word also finds the others; with one, only whoever types it finds the words.
  input text check (length(input) between 1 and 60),
  words text[] not null check (cardinality(words) between 1 and 20),
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

insert into search_synonyms (id, words)
select 'syn_' || lpad(number::text, 26, '0'), string_to_array(words, ', ')
from unnest(array[
  'jacket, coat, anorak, parka, shell',
  'vest, gilet, bodywarmer',
  'trousers, pants',
  'sweater, jumper, pullover',
  'hoody, hoodie',
  'tee, t-shirt, tshirt',
  'shoes, sneakers, trainers',
  'gloves, mittens',
  'hat, beanie, cap',
  'backpack, rucksack, daypack',
  'mat, pad, mattress',
  'torch, flashlight',
  'headlamp, headlight, head torch',
  'lantern, lamp',
  'stove, cooker, burner',
  'skillet, frying pan',
  'bottle, flask',
  'mug, cup',
  'bike, bicycle, cycling',
  'waterproof, rainproof',
  'grey, gray'
]) with ordinality as shipped (words, number);

update staff_roles set permissions = permissions || '{search:read,search:write}'
where id = 'rol_00000000000000000000000001';
