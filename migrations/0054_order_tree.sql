-- What is done with orders by their id is planned once a connection, and not anew each time: which month an id belongs to
-- is found when the plan runs. Planning a read of one order took five times as long as the read. Sequential scans are
-- ruled out, since such a plan may be made while a month is still empty and is kept when it no longer is.
-- Locks: none but those of a new function and of one that is replaced.

-- An order with all that hangs on it, in one statement and so of one snapshot; nothing when it is archived or was never
-- there.
create function order_tree(wanted text) returns table (
  "order" jsonb, archived boolean, lines jsonb, fulfilments jsonb, attempts jsonb, refunds jsonb)
language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
  return query
    select to_jsonb(o), false,
      (select coalesce(jsonb_agg(to_jsonb(line) order by line.position), '[]')
        from order_lines line where line.order_id = wanted),
      (select coalesce(jsonb_agg(to_jsonb(parcel) order by parcel.id), '[]')
        from fulfilments parcel where parcel.order_id = wanted),
      (select coalesce(jsonb_agg(to_jsonb(attempt) order by attempt.id), '[]')
        from payment_attempts attempt where attempt.order_id = wanted),
      (select coalesce(jsonb_agg(to_jsonb(refund) order by refund.id), '[]')
        from refunds refund where refund.order_id = wanted)
    from orders o where o.id = wanted;
end $$;

-- As in 0040, but for its plan.
create or replace function require_order() returns trigger
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
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

-- The rooms that hear of these orders, as far as somebody follows them: the order's own and its buyer's.
create function rooms_following_orders(wanted jsonb) returns table (order_id text, rooms text[])
language plpgsql stable
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
begin
  return query
    select o.id, array_agg(followed.room)
    from jsonb_array_elements_text(wanted) as asked (id)
      cross join lateral (select one.id, one.user_id from orders one where one.id = asked.id) as o
      join followed_rooms followed on followed.room in ('order:' || o.id, 'user:' || o.user_id)
    group by o.id;
end $$;
