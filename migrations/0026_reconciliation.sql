-- The comparison with the payment providers' own records, in both directions: how far each of their lists was read,
-- which payments have to be looked at closely, what was found different, and which payments the providers have shown us.
-- Locks: new tables only; a share lock on payment_attempts while an index is built, and a row of staff_roles.

create table reconciliation_feeds (
  -- A payment provider, or shop for what compares our own tables with each other.
  provider text not null,
  list text not null,
  -- Everything before has been compared.
  covered_until timestamptz not null default now() - interval '30 days',
  -- The time that is being walked through, and the position in it; null between two walks.
  window_from timestamptz,
  window_until timestamptz,
  page_cursor text,
  -- When the next walk begins, and before when nobody tries after a fault.
  next_run_at timestamptz not null default now(),
  next_try_at timestamptz not null default now(),
  -- Who walks, until when he is believed to be alive.
  lease text,
  leased_until timestamptz not null default '-infinity',
  -- Staff who asked for a walk up to this moment; null for the regular ones.
  asked_by text,
  -- Figures of the walk under way, else of the last one.
  started_at timestamptz,
  finished_at timestamptz,
  pages integer not null default 0,
  compared integer not null default 0,
  suspected integer not null default 0,
  last_error text,
  primary key (provider, list),
  check ((window_from is null) = (window_until is null))
);

-- Payments that a walk found unlike our own rows. They are read anew before anything is said or done.
create table payment_suspects (
  provider text not null,
  -- What is known of it at the provider, such as payment:pi_… or capture:….
  subject text not null,
  provider_reference text,
  capture_id text,
  dispute_id text,
  attempt_id text,
  next_check_at timestamptz not null default now(),
  -- Until when others leave it alone, since somebody looks at it.
  leased_until timestamptz not null default '-infinity',
  -- The records that raised the suspicion, and how often there was news of them.
  records text[] not null default '{}',
  suspicions integer not null default 1,
  checks integer not null default 0,
  last_error text,
  created_at timestamptz not null default now(),
  primary key (provider, subject)
);
create index payment_suspects_due on payment_suspects (next_check_at, leased_until);

-- Records that looked different, and with which everything was right when they were examined, or accepted by staff.
create table reconciled_records (
  provider text not null,
  record text not null,
  reconciled_at timestamptz not null default now(),
  primary key (provider, record)
);
create index reconciled_records_age on reconciled_records (reconciled_at);

create table payment_differences (
  id text primary key,
  provider text not null,
  -- The suspect that it was found with.
  subject text not null,
  kind text not null,
  -- What differs: the provider's id of the payment or the dispute.
  provider_reference text not null,
  order_id text references orders (id),
  attempt_id text references payment_attempts (id),
  -- Minor units; null where the difference is none of amounts.
  our_amount bigint,
  their_amount bigint,
  currency text,
  -- open; mended by the settlement; vanished by itself; closed by staff, with a note.
  status text not null default 'open' check (status in ('open', 'mended', 'vanished', 'closed')),
  -- What the settlement answered when it could not mend it.
  detail text,
  note text,
  closed_by text,
  version bigint not null default 1,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  resolved_at timestamptz,
  check ((status = 'open') = (resolved_at is null)),
  check ((status = 'closed') = (closed_by is not null))
);
create unique index payment_differences_open on payment_differences (provider, provider_reference, kind)
  where resolved_at is null;
create index payment_differences_subject on payment_differences (provider, subject) where resolved_at is null;
create index payment_differences_closed on payment_differences (provider, provider_reference, kind, id)
  where status = 'closed';
create index payment_differences_order on payment_differences (order_id);

-- Payments that their provider has shown us in its own lists, or told us of when asked.
create table payment_sightings (
  attempt_id text primary key references payment_attempts (id),
  seen_at timestamptz not null
);

create index payment_attempts_changed on payment_attempts (updated_at);

update staff_roles set permissions = array_append(permissions, 'payments:reconcile')
  where id = 'rol_00000000000000000000000004' and built_in and not permissions @> '{payments:reconcile}';
