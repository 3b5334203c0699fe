-- The outbox's drain marks what it has delivered and leases what is due next in one round trip, and in one statement:
-- in a rush the drain's own traffic was a third of all calls to the database.
-- Locks: none but those of a new function's rows in the catalogue.

-- Takes due rows whose transaction is older than every running one, so that no row that commits late is overtaken,
-- and of each subject only the oldest undelivered, so that a subject's events come one at a time and in order. What is
-- marked by this call frees its subject's next event for it.
-- A queue's table is empty at one moment and holds tens of thousands of rows at the next, so that the planner's
-- statistics are always wrong: sequential scans are ruled out, and the oldest of a subject is asked for by a scalar
-- subquery, which can only become an index probe.
create function drain_outbox(delivered bigint[], rows_max integer, lease_seconds integer)
  returns table (
    "position" bigint, id text, type text, subject text, payload jsonb, traceparent text,
    handled_by text[], attempts integer)
  language plpgsql
  set enable_seqscan = off
as $$
#variable_conflict use_column
begin
  if cardinality(delivered) > 0 then
    update outbox set delivered_at = now(), attempts = attempts + 1 where position = any (delivered);
  end if;
  return query
    with due as (
      select o.position from outbox o
      where o.delivered_at is null and o.dead_at is null and o.leased_until < now()
        and o.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
        and o.position = (
          select min(earlier.position) from outbox earlier
          where earlier.subject = o.subject and earlier.delivered_at is null and earlier.dead_at is null)
      order by o.position limit rows_max for update skip locked)
    update outbox o set leased_until = now() + make_interval(secs => lease_seconds)
    from due where o.position = due.position
    returning o.position, o.id, o.type, o.subject, o.payload, o.traceparent, o.handled_by, o.attempts;
end
$$;
