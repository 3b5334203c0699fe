-- Returns: goods that come back, apart from the money that goes back for them. What is damaged is not sold again, so
-- restocking is decided at receipt.
-- Locks: a new table, and a brief exclusive lock on refunds for one nullable column.

create table returns (
  id text primary key,
  order_id text not null references orders (id),
  status text not null check (status in ('requested', 'approved', 'declined', 'received', 'closed')),
  requested_by text not null check (requested_by in ('buyer', 'staff')),
  reason text not null,
  -- What staff told the buyer with the decision.
  decision_note text,
  -- [{ order_line_id, quantity }]: what is to come back.
  lines jsonb not null,
  -- [{ at, lines: [{ order_line_id, quantity, restock }] }]: what came back, parcel by parcel, only ever appended to.
  receipts jsonb not null default '[]',
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index returns_order on returns (order_id, id);
create index returns_status on returns (status, id);

-- The return that a refund is for, if it is for one.
alter table refunds add column return_id text references returns (id);
