-- What staff and the keys of server-to-server clients did: append-only, each entry bound to the one before by its hash.
-- Locks: a new table and functions only.

create table audit_entries (
  sequence bigint primary key check (sequence > 0),
  -- Canonical JSON, made by the Worker. It names nobody but by ids, for what is written here stays.
  content text not null,
  previous_hash text not null,
  -- SHA-256 over previous hash, sequence and content, a line feed between them, in hexadecimal.
  hash text not null unique,
  actor text generated always as (content::jsonb ->> 'actor') stored,
  action text generated always as (content::jsonb ->> 'action') stored,
  recorded_at timestamptz not null default clock_timestamp()
);
create index audit_entries_of_actor on audit_entries (actor, sequence desc);
create index audit_entries_of_action on audit_entries (action, sequence desc);

create trigger audit_entries_are_append_only before update or delete on audit_entries
  for each row execute function refuse_change();
create trigger audit_entries_are_never_emptied before truncate on audit_entries
  for each statement execute function refuse_change();

-- Appends one entry behind the newest. Appenders wait for each other until they commit: a chain has one end.
create function append_audit_entry(entry text) returns bigint
language plpgsql as $$
declare
  newest audit_entries%rowtype;
  next_sequence bigint;
  before text;
begin
  perform pg_advisory_xact_lock(hashtext('audit_entries'));
  select * into newest from audit_entries order by sequence desc limit 1;
  next_sequence := coalesce(newest.sequence, 0) + 1;
  before := coalesce(newest.hash, repeat('0', 64));
  insert into audit_entries (sequence, content, previous_hash, hash)
  values (
    next_sequence, entry, before,
    encode(sha256(convert_to(before || E'\n' || next_sequence || E'\n' || entry, 'UTF8')), 'hex')
  );
  return next_sequence;
end $$;
