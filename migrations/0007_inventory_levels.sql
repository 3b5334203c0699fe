-- Alert levels of SKUs, epochs of their journals, and what reconciliation reads and remembers.
-- Locks: access exclusive on stock_ledger and stock_levels for the blink of an eye, constant defaults rewrite nothing;
-- the indexes hold up writes of their tables while they are built.

-- Numbers are gapless and sums hold within an epoch; a repair opens the next one.
alter table stock_ledger add column epoch integer not null default 1;

alter table stock_levels
  add column epoch integer not null default 1,
  -- At this many available units or fewer the SKU is low. The inventory object decides both.
  add column low_at integer not null default 5,
  add column level text not null default 'out' check (level in ('in_stock', 'low', 'out')),
  add column level_since timestamptz not null default now(),
  -- When object, ledger and orders were last compared.
  add column reconciled_at timestamptz not null default '-infinity';
create index stock_levels_alerts on stock_levels (sku) where level <> 'in_stock';
create index stock_levels_reconciled on stock_levels (reconciled_at);

-- Orders that claim a SKU, newest first.
create index order_lines_sku on order_lines (sku, order_id desc);
