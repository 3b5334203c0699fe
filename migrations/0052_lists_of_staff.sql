-- Lists of the staff that ask for what is rare (orders in review, customers who are disabled, a level of stock, open
-- differences) walked through everything else to find it.
-- Orders: each change of a status writes an entry more, as it did already into every other index of orders, since some
-- of those are of certain statuses. Measured over the six writes of an order's life that is a tenth of their time in
-- Postgres, and about a hundredth of a whole checkout's. The index of orders of doubtful payment is a part of this one.
-- Locks: a share lock on orders, archived orders, users, stock_levels and payment_differences while their indexes are
-- built, which stops their writes meanwhile: some seconds a million rows.

create index orders_status on orders (status, id);
create index orders_status on archive.orders (status, id);
drop index orders_of_doubtful_payment;
-- Of the archive's indexes this one has a name that Postgres has given.
do $$
declare
  doubtful regclass;
begin
  select indexrelid::regclass into strict doubtful from pg_index
  where indrelid = 'archive.orders'::regclass and pg_get_expr(indpred, indrelid) like '%payment_review%';
  execute format('drop index %s', doubtful);
end $$;

create index users_disabled on users (id) where disabled_at is not null;
create index users_unverified on users (id) where email_verified_at is null;

create index stock_levels_of_level on stock_levels (level, sku) where level <> 'in_stock';

create index payment_differences_status on payment_differences (status, id);
create index payment_differences_kind on payment_differences (kind, id);
create index payment_differences_provider on payment_differences (provider, id);
