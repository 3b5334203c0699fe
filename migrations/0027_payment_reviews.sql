-- What a provider or its events claim is held against what we know: contradictions are kept with both values, by order
-- where a person has to decide, by event where nothing was done. And staff's decisions on such orders.
-- Locks: a new table; an access exclusive lock on payment_events and payment_attempts while a nullable column is added
-- and a check is dropped, without a rewrite or a scan; a share lock on payment_events while the index is built, which is
-- of the contradicting events only.

create table payment_reviews (
  id text primary key,
  order_id text not null references orders (id),
  attempt_id text not null references payment_attempts (id),
  reason text not null,
  -- [{ claim, expected, told }]
  contradictions jsonb not null default '[]',
  -- The event whose claims differ; null when it was the provider's own reading, or the stock.
  payment_event_id text references payment_events (id),
  opened_at timestamptz not null default now(),
  decision text check (decision in ('accept', 'reject')),
  note text,
  decided_by text,
  decided_at timestamptz,
  check ((decision is null) = (decided_at is null))
);
create index payment_reviews_order on payment_reviews (order_id, id desc);

-- Null is an event that contradicts nothing.
alter table payment_events add column contradictions jsonb;
create index payment_events_refused on payment_events (id desc) where contradictions is not null;

-- A provider may have taken more than it was asked for: that is a case for review, and no reason to lose the fact.
alter table payment_attempts drop constraint payment_attempts_check;
alter table payment_attempts add constraint payment_attempts_captured check (captured_amount >= 0) not valid;
-- When staff decided that the payment is its order's, whatever it says of itself.
alter table payment_attempts add column accepted_at timestamptz;
