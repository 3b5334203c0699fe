-- Months of orders whose business is over are taken off into the schema `archive` and can be brought back, whole and
-- without copying a row: a partition is detached from one table and attached to the other. What moved money (payments,
-- refunds, disputes, the ledger, returns) stays where it is, so that the books and their comparison with the providers
-- know no archive.
--
-- Detaching concurrently is no way: it cannot run in a transaction, so that a crash could leave orders without their
-- lines, and Postgres refuses it where there is a default partition. So it is one transaction under an exclusive lock,
-- taken last, held for some milliseconds, and given up rather than waited for.
--
-- Locks: none but those of a new table and new functions.

-- What was done with months; where a month is, its partitions themselves say.
create table order_months (
  month date primary key,
  archived_at timestamptz,
  restored_at timestamptz,
  -- When the sweep last looked whether the month may go.
  looked_at timestamptz
);

-- The schema that has the month's partitions; null when there is no such month.
create function place_of_order_month(month date) returns text
language sql stable strict as $$
  select relnamespace::regnamespace::text from pg_class where relname = 'fulfilments' || to_char(month, '_YYYY_MM')
$$;

-- Orders of the month that are not at rest. Being shipped is rest enough: carriers do not always tell of deliveries.
-- A payment that is in review holds its order in that status.
create function unfinished_orders(month date) returns table (reason text, order_id text)
language plpgsql stable as $$
declare
  first_id constant text := first_order_id(month);
  end_id constant text := first_order_id(month + interval '1 month');
begin
  return query select 'order ' || o.status::text, o.id from orders o
    where o.id >= first_id and o.id < end_id
      and o.status not in ('shipped', 'delivered', 'cancelled', 'expired', 'partially_refunded', 'refunded');
  return query select 'parcel open', p.order_id from fulfilments p
    where p.order_id >= first_id and p.order_id < end_id and p.status = 'open';
end $$;

-- Whatever else may still move something of these orders.
create function unfinished_business(month date) returns table (reason text, order_id text)
language plpgsql stable as $$
declare
  first_id constant text := first_order_id(month);
  end_id constant text := first_order_id(month + interval '1 month');
begin
  return query select 'payment ' || a.status, a.order_id from payment_attempts a
    where a.order_id >= first_id and a.order_id < end_id
      and a.status in ('creating', 'pending', 'requires_action', 'authorised', 'unknown');
  return query select 'refund pending', r.order_id from refunds r
    where r.order_id >= first_id and r.order_id < end_id and r.status = 'pending';
  return query select 'dispute open', d.order_id from disputes d
    where d.order_id >= first_id and d.order_id < end_id and d.status = 'open';
  return query select 'return ' || r.status, r.order_id from returns r
    where r.order_id >= first_id and r.order_id < end_id and r.status not in ('declined', 'closed');
  return query select 'payment difference open', d.order_id from payment_differences d
    where d.order_id >= first_id and d.order_id < end_id and d.resolved_at is null;
  return query select 'payment event waiting', a.order_id
    from payment_events e join payment_attempts a
      on a.provider = e.provider and a.provider_reference = e.provider_reference
    where e.processed_at is null and a.order_id >= first_id and a.order_id < end_id;
  return query select 'event undelivered', o.subject from outbox o
    where o.subject >= first_id and o.subject < end_id and o.delivered_at is null and o.dead_at is null;
end $$;

create function require_first_day(month date) returns void
language plpgsql as $$
begin
  if month <> date_trunc('month', month) then
    raise exception '% is not the first day of a month', month using errcode = '22023';
  end if;
end $$;

-- Takes a month off; answers `archived`, or why not: `archived already`, `unknown`, `too recent` or `unfinished`. A month
-- rests for 18 months at least: disputes come within 540 days, and stock is compared with a year of orders.
create function retire_order_month(month date) returns text
language plpgsql
set lock_timeout = '800ms'
as $$
declare
  suffix constant text := to_char(month, '_YYYY_MM');
  place text;
  by_month record;
begin
  perform require_first_day(month);
  perform pg_advisory_xact_lock(hashtext('order months'));
  place := place_of_order_month(month);
  if place is null then
    return 'unknown';
  elsif place = 'archive' then
    return 'archived already';
  elsif month + interval '1 month' > (now() at time zone 'UTC') - interval '18 months' then
    return 'too recent';
  end if;
  -- Nobody moves an order of this month any more, while all may read them and all else goes on.
  for by_month in select name || suffix as part from tables_by_month() loop
    execute format('lock table %I in share mode', by_month.part);
  end loop;
  if exists (select from unfinished_orders(month)) or exists (select from unfinished_business(month)) then
    return 'unfinished';
  end if;
  lock table only orders, only order_lines, only order_events, only fulfilments in access exclusive mode;
  for by_month in select name || suffix as part from tables_by_month() loop
    execute format('lock table %I in access exclusive mode', by_month.part);
  end loop;
  -- Who inserts a refund or a return reads its order first, and has committed by now.
  if exists (select from unfinished_business(month)) then
    return 'unfinished';
  end if;
  for by_month in select name, name || suffix as part from tables_by_month() loop
    execute format('alter table %I detach partition %I', by_month.name, by_month.part);
    execute format('alter table %I set schema archive', by_month.part);
    execute format('alter table archive.%I attach partition archive.%I for values from (%L) to (%L)',
      by_month.name, by_month.part, first_order_id(month), first_order_id(month + interval '1 month'));
  end loop;
  insert into order_months (month, archived_at) values (retire_order_month.month, now())
    on conflict on constraint order_months_pkey do update set archived_at = now(), restored_at = null;
  return 'archived';
end $$;

-- Brings a month back; answers `restored`, or why not: `there already` or `unknown`. Writers wait for some milliseconds.
create function restore_order_month(month date) returns text
language plpgsql
set lock_timeout = '800ms'
as $$
declare
  first_id constant text := first_order_id(month);
  end_id constant text := first_order_id(month + interval '1 month');
  suffix constant text := to_char(month, '_YYYY_MM');
  place text;
  by_month record;
begin
  perform require_first_day(month);
  perform pg_advisory_xact_lock(hashtext('order months'));
  place := place_of_order_month(month);
  if place is null then
    return 'unknown';
  elsif place <> 'archive' then
    return 'there already';
  end if;
  lock table only orders, only order_lines, only order_events, only fulfilments in share row exclusive mode;
  for by_month in
    select name, key, name || suffix as part, name || '_default' as rest from tables_by_month()
  loop
    execute format('lock table %I in access exclusive mode', by_month.rest);
    execute format('alter table archive.%I detach partition archive.%I', by_month.name, by_month.part);
    execute format('alter table archive.%I set schema %I', by_month.part, current_schema());
    execute format(
      'with moved as (delete from %I where %I >= %L and %I < %L returning *) insert into %I select * from moved',
      by_month.rest, by_month.key, first_id, by_month.key, end_id, by_month.part);
    execute format('alter table %I attach partition %I for values from (%L) to (%L)',
      by_month.name, by_month.part, first_id, end_id);
  end loop;
  insert into order_months (month, restored_at) values (restore_order_month.month, now())
    on conflict on constraint order_months_pkey do update set restored_at = now(), archived_at = null;
  return 'restored';
end $$;

-- Takes the oldest month off that is older than this and whose business is over, if there is one. A month that was
-- brought back is left alone for 30 days, and one that could not go for six hours.
create function retire_oldest_order_month(kept_months integer) returns table (month date, outcome text)
language plpgsql as $$
begin
  select min(hot.month) into month
  from (
    select to_date(right(relname, 7), 'YYYY_MM') as month
    from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'fulfilments'::regclass and relname ~ '_\d{4}_\d{2}$'
  ) as hot
  left join order_months done on done.month = hot.month
  where hot.month + make_interval(months => kept_months + 1) <= now() at time zone 'UTC'
    and (done.restored_at is null or done.restored_at < now() - interval '30 days')
    and (done.looked_at is null or done.looked_at < now() - interval '6 hours');
  if month is null then
    return;
  end if;
  outcome := retire_order_month(month);
  insert into order_months as known (month, looked_at) values (retire_oldest_order_month.month, now())
    on conflict on constraint order_months_pkey do update set looked_at = now();
  return next;
end $$;
