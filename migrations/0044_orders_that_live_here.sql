-- Between the copying of a shard and the clearing of where it was, two databases have its orders. One of them counts: where
-- the shard is open, or where it is fenced off and not yet open elsewhere. Asked only where there are several databases.
-- Locks: none, the function is new.

create function is_here(id text) returns boolean
language sql stable parallel safe as $$
  select not exists (select from shard_fences where shard = shard_of(id) and state in ('closed', 'moved'))
$$;
