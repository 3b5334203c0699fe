-- Orders whose payment stays in doubt for too long are reported, each once.
-- Locks: a new table; a share lock on orders while an index is built that holds the doubtful ones only, which are few.

create table payment_alerts (
  order_id text not null references orders (id),
  status text not null,
  -- When the order came into that status.
  since timestamptz not null,
  reported_at timestamptz not null default now(),
  primary key (order_id, status, since)
);

create index orders_of_doubtful_payment on orders (id) where status in ('payment_unknown', 'payment_review');
create index refunds_failed on refunds (id desc) where status = 'failed';
