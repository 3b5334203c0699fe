-- Categories that are renamed, moved, described and deleted.
-- Locks: access exclusive on categories and product_categories for the new columns, which rewrite nothing, then while
-- the links of ancestors are told apart, a second for each 100,000 of them.

alter table categories
  add column description text not null default '',
  -- { "url": text, "alt": text }
  add column image jsonb,
  add column metadata jsonb not null default '{}',
  -- Among its siblings; equal places go by title.
  add column position integer not null default 0,
  -- A deleted category whose products are on their way to this one; then its row goes too.
  add column merged_into text references categories (id),
  add column version bigint not null default 1,
  add column updated_at timestamptz not null default now();
create index categories_parent on categories (parent_id);
create index categories_merged on categories (merged_into) where merged_into is not null;

-- Handles that categories had before: links that are out in the world still lead to them.
create table former_category_handles (
  handle text primary key,
  category_id text not null references categories (id) on delete cascade,
  since timestamptz not null default now()
);
create index former_category_handles_category on former_category_handles (category_id);

-- False where the product is in the category only because it is filed below it.
alter table product_categories add column filed boolean not null default true;
update product_categories above set filed = false
from categories below join product_categories link on link.category_id = below.id
where below.parent_id = above.category_id and link.product_id = above.product_id;
