-- Payments that a buyer disputes with the bank, as the provider reports them.
-- Locks: a new table only.

create table disputes (
  id text primary key,
  order_id text not null references orders (id),
  attempt_id text not null references payment_attempts (id),
  provider text not null,
  provider_reference text not null,
  status text not null check (status in ('open', 'won', 'lost')),
  amount bigint not null check (amount >= 0),
  currency text not null,
  reason text not null,
  -- When the provider said so: an older report never overwrites a newer one.
  reported_at timestamptz not null,
  created_at timestamptz not null default now(),
  unique (provider, provider_reference)
);
create index disputes_order on disputes (order_id);
create index disputes_newest on disputes (id desc);
