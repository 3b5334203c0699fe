-- What customers agreed to, as a history: the newest row of a purpose is what counts.
-- Locks: a new table only; the foreign key takes a short share lock on users.

create table consents (
  id text primary key,
  user_id text not null references users (id) on delete cascade,
  purpose text not null check (purpose in ('promotions')),
  granted boolean not null,
  -- The words that the customer saw, by the shop's own name for them.
  wording text not null,
  given_at timestamptz not null default now()
);
create index consents_newest on consents (user_id, purpose, id desc);
