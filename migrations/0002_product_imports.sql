-- What an interrupted or failed import has to tell.
-- Locks: access exclusive on product_imports for the blink of an eye; constant defaults rewrite nothing.

alter table product_imports
  add column updated_at timestamptz not null default now(),
  -- Columns of the file that the catalogue has no use for.
  add column ignored_columns text[] not null default '{}',
  -- First stock counts that were recorded for new variants.
  add column stock_counts integer not null default 0,
  -- Why a failed import stopped.
  add column failure text;
