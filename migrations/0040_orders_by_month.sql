-- Orders, and what each order brings with it (its lines, its history, its parcels), in a partition for each month. An id
-- begins with the time at which it was made, so a range of ids is a range of time: reading by id touches one partition,
-- newest-first lists walk them backwards, and a month whose business is over can be taken off (see 0041).
--
-- What this costs, and what stands in for it:
-- * Bounds are compared in the database's own collation, as every key that is joined with them. The first statement
--   makes sure that it orders the letters of ids as bytes; C.UTF-8, which Neon creates databases with, does.
-- * A unique key holds across partitions only if it contains the order's id. Numbers come from a sequence, and
--   numbered_orders keeps them unique. Lines and events have ids of 80 random bits that nobody asks for without their
--   order: (order_id, position) and (order_id, sequence) are their keys.
-- * A foreign key to orders would forbid taking any month off whose orders have payments, so that those are gone. Money
--   and returns are held by a trigger to an order that is there; its reading keeps the order's partition from leaving
--   until the transaction ends. Lines, history and parcels are only written in the transaction that inserts their order
--   or moves it by a guarded update, and leave together with it. Orders are never deleted.
--
-- Locks: access exclusive on orders, order_lines, order_events and fulfilments while their rows are copied, which takes
-- about ten seconds a million orders; the tables that refer to them are locked until the end too, for a foreign key less.

do $$
declare
  letters constant text := '0123456789abcdefghjkmnpqrstvwxyz';
begin
  if letters <> (select string_agg(letter, '' order by letter) from regexp_split_to_table(letters, '') as letter) then
    raise exception 'this database orders text otherwise than by bytes'
      using hint = 'Create it with the collation C.UTF-8, as Neon does.';
  end if;
end $$;

-- The least id of an order that could be made at this time (UTC).
create function first_order_id(at timestamp) returns text
language sql immutable strict parallel safe as $$
  select 'ord_' || string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', ((ms >> shift) & 31)::integer + 1, 1), ''
    order by shift desc)
  from (select (extract(epoch from at) * 1000)::bigint as ms) as time, generate_series(0, 45, 5) as shift
$$;

-- The month (UTC) in which an order's id was made; null for what is no such id.
create function month_of_order(id text) returns date
language sql immutable strict parallel safe as $$
  select date_trunc('month', to_timestamp(sum(
    (strpos('0123456789abcdefghjkmnpqrstvwxyz', substr(id, letter + 4, 1)) - 1)::bigint << (50 - letter * 5)
  ) / 1000) at time zone 'UTC')::date
  from generate_series(1, 10) as letter
  where id ~ '^ord_[0-9a-hjkmnp-tv-z]{26}$'
$$;

-- The tables that are partitioned by the order's id, and the column that has it.
create function tables_by_month() returns table (name text, key text)
language sql immutable parallel safe as $$
  values ('orders', 'id'), ('order_lines', 'order_id'), ('order_events', 'order_id'), ('fulfilments', 'order_id')
$$;

create schema unpartitioned;
alter table orders set schema unpartitioned;
alter table order_lines set schema unpartitioned;
alter table order_events set schema unpartitioned;
alter table fulfilments set schema unpartitioned;

create table orders (like unpartitioned.orders including defaults including constraints)
  partition by range (id);
alter table orders add primary key (id), add foreign key (user_id) references users (id);
-- Ids are time-ordered: the newest have the greatest.
create index orders_user on orders (user_id, id desc) where user_id is not null;
create index orders_overdue on orders (hold_expires_at) where status in ('pending_payment', 'payment_unknown');
create index orders_of_doubtful_payment on orders (id) where status in ('payment_unknown', 'payment_review');
create index orders_of_guests_by_email on orders (lower(email)) where user_id is null;
create index orders_of_guests_by_cart on orders (cart_id) where user_id is null;

create table order_lines (like unpartitioned.order_lines including defaults including constraints)
  partition by range (order_id);
alter table order_lines add primary key (order_id, position);
-- Orders that claim a SKU, newest first.
create index order_lines_sku on order_lines (sku, order_id desc);

create table order_events (like unpartitioned.order_events including defaults including constraints)
  partition by range (order_id);
alter table order_events add primary key (order_id, sequence);

create table fulfilments (like unpartitioned.fulfilments including defaults including constraints)
  partition by range (order_id);
alter table fulfilments add primary key (order_id, id);

-- Whatever nobody made room for in time; nothing is ever refused for want of a partition.
create table orders_default partition of orders default;
create table order_lines_default partition of order_lines default;
create table order_events_default partition of order_events default;
create table fulfilments_default partition of fulfilments default;

-- Months that were taken off, still whole: the same tables again, out of everybody's way.
create schema archive;
create table archive.orders (like orders including all) partition by range (id);
create table archive.order_lines (like order_lines including all) partition by range (order_id);
create table archive.order_events (like order_events including all) partition by range (order_id);
create table archive.fulfilments (like fulfilments including all) partition by range (order_id);

-- Makes room for a month, and moves there what the default partition has caught of it; answers what it found to do:
-- `made`, `there`, or `archived`. All of it or nothing, once, however many call it at the same time. Writers wait
-- meanwhile, which is some milliseconds: one that had already been sent to the default partition would be refused there
-- when it is no longer its place. Who would have to wait for them longer than 0.8 s gives up (55P03), before a deadlock
-- makes anybody else do so.
create function make_order_month(month date) returns text
language plpgsql
set lock_timeout = '800ms'
as $$
declare
  first_id constant text := first_order_id(month);
  end_id constant text := first_order_id(month + interval '1 month');
  suffix constant text := to_char(month, '_YYYY_MM');
  place regnamespace;
  by_month record;
begin
  if month <> date_trunc('month', month) then
    raise exception '% is not the first day of a month', month using errcode = '22023';
  end if;
  perform pg_advisory_xact_lock(hashtext('order months'));
  -- Read as a table: what to_regclass has once not found it may still not find here.
  select relnamespace into place from pg_class where relname = 'fulfilments' || suffix;
  if found then
    return case place when 'archive'::regnamespace then 'archived' else 'there' end;
  end if;
  lock table orders, order_lines, order_events, fulfilments in share row exclusive mode;
  for by_month in select name, key, name || suffix as part, name || '_default' as rest from tables_by_month() loop
    -- The check spares a scan whenever the month is attached again.
    execute format('create table %I (like %I including all, constraint month check (%I >= %L and %I < %L))',
      by_month.part, by_month.name, by_month.key, first_id, by_month.key, end_id);
    execute format('lock table %I in access exclusive mode', by_month.rest);
    execute format(
      'with moved as (delete from %I where %I >= %L and %I < %L returning *) insert into %I select * from moved',
      by_month.rest, by_month.key, first_id, by_month.key, end_id, by_month.part);
    execute format('alter table %I attach partition %I for values from (%L) to (%L)',
      by_month.name, by_month.part, first_id, end_id);
  end loop;
  return 'made';
end $$;

-- Makes room for this month (UTC) and so many ahead, and for whatever months the default partition has caught. Tells of
-- those that were not there; repeating it does nothing.
create function make_order_months(ahead integer) returns table (month date, outcome text)
language sql as $$
  select needed.month, make_order_month(needed.month)
  from (
    select (date_trunc('month', now() at time zone 'UTC') + step * interval '1 month')::date as month
    from generate_series(0, ahead) as step
    union select month_of_order(id) from orders_default
    union select month_of_order(order_id) from order_lines_default
    union select month_of_order(order_id) from order_events_default
    union select month_of_order(order_id) from fulfilments_default
  ) as needed
  where needed.month is not null and to_regclass(to_char(needed.month, '"fulfilments_"YYYY_MM')) is null
  order by needed.month
$$;

select make_order_months(3);
select make_order_month(month)
from (select distinct month_of_order(id) as month from unpartitioned.orders) as before
where month is not null order by month;

insert into orders select * from unpartitioned.orders;
insert into order_lines select * from unpartitioned.order_lines;
insert into order_events select * from unpartitioned.order_events;
insert into fulfilments select * from unpartitioned.fulfilments;

-- Which order has a number. A sequence gives each number once, unless somebody sets it back: restored backups and
-- copied databases are where that happens.
create table numbered_orders (
  number bigint primary key,
  order_id text not null
);
insert into numbered_orders select number, id from orders where number is not null;

create function note_order_number() returns trigger
language plpgsql as $$
begin
  insert into numbered_orders (number, order_id) values (new.number, new.id);
  return null;
end $$;
create trigger note_first_number after insert on orders
  for each row when (new.number is not null) execute function note_order_number();
create trigger note_number after update of number on orders
  for each row when (new.number is distinct from old.number and new.number is not null)
  execute function note_order_number();

-- The foreign keys go with what they point to; each is named, so that none is dropped that nobody thought of.
alter table payment_attempts drop constraint payment_attempts_order_id_fkey;
alter table refunds drop constraint refunds_order_id_fkey;
alter table money_ledger drop constraint money_ledger_order_id_fkey;
alter table disputes drop constraint disputes_order_id_fkey;
alter table returns drop constraint returns_order_id_fkey;
alter table payment_reviews drop constraint payment_reviews_order_id_fkey;
alter table payment_alerts drop constraint payment_alerts_order_id_fkey;
alter table payment_differences drop constraint payment_differences_order_id_fkey;
alter table unpartitioned.order_lines drop constraint order_lines_order_id_fkey;
alter table unpartitioned.order_events drop constraint order_events_order_id_fkey;
alter table unpartitioned.fulfilments drop constraint fulfilments_order_id_fkey;
drop table unpartitioned.orders, unpartitioned.order_lines, unpartitioned.order_events, unpartitioned.fulfilments;
drop schema unpartitioned;

-- TW005 is "the order is archived": it is there to be read, and nothing more happens to it until its month is back.
create function require_order() returns trigger
language plpgsql as $$
begin
  perform from orders where id = new.order_id;
  if found then
    return new;
  end if;
  if exists (select from archive.orders where id = new.order_id) then
    raise exception 'order % is archived', new.order_id using errcode = 'TW005';
  end if;
  raise exception '% names order %, which does not exist', tg_table_name, new.order_id using errcode = '23503';
end $$;

-- Not of alerts, which are read from orders as they are inserted, nor of differences: an archived order's payment may
-- differ too, and is to be seen.
create trigger require_order before insert on payment_attempts for each row execute function require_order();
create trigger require_order before insert on refunds for each row execute function require_order();
create trigger require_order before insert on money_ledger for each row execute function require_order();
create trigger require_order before insert on disputes for each row execute function require_order();
create trigger require_order before insert on returns for each row execute function require_order();
create trigger require_order before insert on payment_reviews for each row execute function require_order();
