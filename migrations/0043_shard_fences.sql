-- Which shards a database of orders does not have, and what keeps their orders from being written here all the same: while
-- they are on their way, after they have gone, and before they have come. The triggers that ask are made by
-- `npm run migrate` as soon as there is a second database of orders; with one there is neither a row nor a trigger.
-- Locks: none that matter, the tables are new. A function of the books is replaced.

create table shard_fences (
  shard smallint primary key check (shard between 0 and 1023),
  -- closed: not here yet. moving: copied from here to there. moved: there for good.
  state text not null check (state in ('closed', 'moving', 'moved')),
  target text check ((state = 'closed') = (target is null)),
  since timestamptz not null default now()
);

-- In the primary: the databases of orders, each with the remainder that its order numbers leave.
create table order_homes (
  name text primary key,
  remainder smallint not null unique check (remainder >= 0)
);

-- TW006 is "the order is not here, or not any more". Writers of one shard share a lock that whoever fences the shard takes
-- alone once the fence is there: whoever wrote before it has ended then, and whoever comes later sees the fence, since
-- each statement of a function sees what was committed before it.
create function refuse_fenced_shards() returns trigger
language plpgsql as $$
declare
  written integer;
begin
  if tg_argv[0] = 'id' then
    written := shard_of(case when tg_op = 'DELETE' then old.id else new.id end);
  else
    written := shard_of(case when tg_op = 'DELETE' then old.order_id else new.order_id end);
  end if;
  if current_setting('tradewind.moves_shards', true) is distinct from 'on' then
    perform pg_advisory_xact_lock_shared(7461043, written);
    if exists (select from shard_fences where shard = written) then
      raise exception 'shard % is not here', written using errcode = 'TW006';
    end if;
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;

-- The books stay append-only where they are kept; what was copied elsewhere, and is fenced off here, may be cleared away.
create or replace function refuse_change() returns trigger
language plpgsql as $$
begin
  if tg_table_name = 'money_ledger' and tg_op = 'DELETE' then
    if current_setting('tradewind.moves_shards', true) = 'on'
      and exists (select from shard_fences where shard = shard_of(old.order_id)) then
      return old;
    end if;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = '0A000';
end $$;
