-- Orders may be spread over several databases, by shard: the first two random letters of an id. Here is what each of these
-- databases needs, and the primary in particular; with one database nothing of it is asked for, and no trigger is there.
-- Locks: payment_differences is briefly exclusive while two of its references are dropped: what it tells of may live in
-- another database, and orders are never deleted. idempotency_records for a nullable column. The shards of customers are
-- read from all orders, once.

do $$
declare
  reference record;
begin
  for reference in
    select conname from pg_constraint
    where conrelid = 'payment_differences'::regclass and contype = 'f'
  loop
    execute format('alter table payment_differences drop constraint %I', reference.conname);
  end loop;
end $$;

-- The shard of an id, from 0 to 1023, as the Worker reads it.
create function shard_of(id text) returns integer
language sql immutable parallel safe as $$
  select (strpos('0123456789abcdefghjkmnpqrstvwxyz', left(right(id, 16), 1)) - 1) * 32
    + strpos('0123456789abcdefghjkmnpqrstvwxyz', substr(right(id, 16), 2, 1)) - 1
$$;

-- Besides the shard of the account itself: those of guests whose orders the account has taken over.
create table customer_shards (
  user_id text not null references users (id) on delete cascade,
  shard smallint not null check (shard between 0 and 1023),
  primary key (user_id, shard)
);
insert into customer_shards (user_id, shard)
  select distinct user_id, shard_of(id) from orders where user_id is not null;

-- The shard of the order that the answered write is about; null for all that lives in the primary. It moves with it.
alter table idempotency_records add column shard smallint;
