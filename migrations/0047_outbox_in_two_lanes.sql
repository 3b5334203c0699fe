-- The outbox has two lanes. What follows from the catalogue and its stock goes to copies only (search, caches) and may
-- come by the ten thousand, from an import; everything else has somebody who waits for it: a buyer, a mail, money. Each
-- lane has its own index, so that what is prompt is found at once behind whatever waits in bulk.
-- Events that only say "look again" collapse: the oldest of a subject stands for the later ones of the same type, and
-- brings the newest's data.
-- A Worker of the release before finds its drain gone, and what it would have delivered waits for the new one.
-- Locks: a share lock on outbox while its two indexes are built, which stops writes of events meanwhile.

drop function drain_outbox(bigint[], integer, integer);
drop index outbox_pending;

create index outbox_prompt on outbox (position)
  where delivered_at is null and dead_at is null and type not in (
    'product.changed', 'product.deleted', 'stock.changed', 'stock.low', 'stock.out', 'stock.back', 'search.canary');
create index outbox_bulk on outbox (position)
  where delivered_at is null and dead_at is null and type in (
    'product.changed', 'product.deleted', 'stock.changed', 'stock.low', 'stock.out', 'stock.back', 'search.canary');

-- Marks what was delivered, and leases what is due next: rows whose transaction is older than every running one, so that
-- no row that commits late is overtaken, and of each subject only the oldest undelivered, so that a subject's events
-- come one at a time and in order. What is marked by this call frees its subject's next event for it.
-- A queue's table is empty at one moment and holds tens of thousands of rows at the next, so that the planner's
-- statistics are always wrong: sequential scans are ruled out, and the oldest of a subject is asked for by a scalar
-- subquery, which can only become an index probe.
create function lease_events(delivered bigint[], prompt_max integer, bulk_max integer, lease_seconds integer)
  returns table (
    "position" bigint, covers bigint[], is_bulk boolean, id text, type text, subject text, payload jsonb,
    traceparent text, handled_by text[], attempts integer)
  language plpgsql
  set enable_seqscan = off
as $$
#variable_conflict use_column
begin
  if cardinality(delivered) > 0 then
    update outbox set delivered_at = now(), attempts = attempts + 1 where position = any (delivered);
  end if;
  if prompt_max + bulk_max = 0 then
    return;
  end if;
  return query
    with prompt as (
      select o.position, false as is_bulk from outbox o
      where o.delivered_at is null and o.dead_at is null and o.type not in (
          'product.changed', 'product.deleted', 'stock.changed', 'stock.low', 'stock.out', 'stock.back', 'search.canary')
        and o.leased_until < now() and o.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
        and o.position = (
          select min(earlier.position) from outbox earlier
          where earlier.subject = o.subject and earlier.delivered_at is null and earlier.dead_at is null)
      order by o.position limit prompt_max for update skip locked),
    bulk as (
      select o.position, true as is_bulk from outbox o
      where o.delivered_at is null and o.dead_at is null and o.type in (
          'product.changed', 'product.deleted', 'stock.changed', 'stock.low', 'stock.out', 'stock.back', 'search.canary')
        and o.leased_until < now() and o.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
        and o.position = (
          select min(earlier.position) from outbox earlier
          where earlier.subject = o.subject and earlier.delivered_at is null and earlier.dead_at is null)
      order by o.position limit bulk_max for update skip locked),
    due as (select * from prompt union all select * from bulk),
    leased as (
      update outbox o set leased_until = now() + make_interval(secs => lease_seconds)
      from due where o.position = due.position
      returning o.*, due.is_bulk)
    select head.position, coalesce(later.positions, '{}'), head.is_bulk,
      coalesce(newest.id, head.id), head.type, head.subject, coalesce(newest.payload, head.payload),
      coalesce(newest.traceparent, head.traceparent), head.handled_by, head.attempts
    from leased head
    cross join lateral (
      select array_agg(o.position) as positions, max(o.position) as last from outbox o
      where head.type in ('product.changed', 'stock.changed')
        and o.subject = head.subject and o.position > head.position and o.type = head.type
        and o.delivered_at is null and o.dead_at is null
        and o.transaction_id < pg_snapshot_xmin(pg_current_snapshot())) later
    left join outbox newest on newest.position = later.last;
end
$$;
