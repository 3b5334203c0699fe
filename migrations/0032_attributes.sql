-- Typed attributes of products and variants, which buyers see and filter by, and metadata, which only the shop sees.
-- Locks: access exclusive on products and variants for the blink of an eye, constant defaults rewrite nothing; the
-- indexes hold up writes of their tables while they are built.

create table attribute_definitions (
  key text primary key check (key ~ '^[a-z][a-z0-9_]{0,63}$'),
  title text not null,
  applies_to text not null check (applies_to in ('product', 'variant')),
  -- `choice` has one of the choices, `choices` some of them.
  type text not null check (type in ('text', 'number', 'boolean', 'choice', 'choices')),
  choices text[] not null default '{}',
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((cardinality(choices) > 0) = (type in ('choice', 'choices')))
);

-- { "fabric": "wool", "waterproof": true, "weight_g": 420, "seasons": ["spring", "autumn"] }
alter table products
  add column attributes jsonb not null default '{}',
  add column metadata jsonb not null default '{}';
alter table variants
  add column attributes jsonb not null default '{}',
  add column metadata jsonb not null default '{}';

-- Finds by containment; most products and variants have none, and cost the index nothing.
create index products_attributes on products using gin (attributes jsonb_path_ops) where attributes <> '{}';
create index variants_attributes on variants using gin (attributes jsonb_path_ops) where attributes <> '{}';
