-- Refunds, and the money ledger in double entry.
-- Locks: new tables only, and a brief exclusive lock on payment_attempts for one nullable column.

create table refunds (
  id text primary key,
  order_id text not null references orders (id),
  attempt_id text not null references payment_attempts (id),
  status text not null check (status in ('pending', 'succeeded', 'failed')),
  amount bigint not null check (amount > 0),
  currency text not null,
  reason text,
  -- Whether the returned units go back on sale; a decision of its own, since a refund may come without a return.
  restock boolean not null default false,
  -- [{ order_line_id, quantity }]
  lines jsonb not null default '[]',
  -- Who asked: staff over the API, the provider's own dashboard, or the system for money that came too late.
  origin text not null check (origin in ('staff', 'provider', 'system')),
  provider_reference text,
  failure_code text,
  -- The request that it answers: a repetition finds it here.
  request_scope text not null,
  request_key text not null,
  request_fingerprint text not null,
  next_check_at timestamptz not null default now() + interval '20 seconds',
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (request_scope, request_key),
  unique (attempt_id, provider_reference)
);
create index refunds_order on refunds (order_id, id);
create index refunds_check on refunds (next_check_at) where status = 'pending';

-- Money, in double entry: the postings of a transaction sum to zero, in one currency. Append-only.
create table money_ledger (
  -- Names the fact that it books, such as capture:pay_… or refund:rfd_…, so that a fact is booked once.
  transaction_id text not null,
  line smallint not null check (line > 0),
  order_id text not null references orders (id),
  account text not null,
  -- Minor units; positive is a debit.
  amount bigint not null check (amount <> 0),
  currency text not null,
  at timestamptz not null default now(),
  primary key (transaction_id, line)
);
create index money_ledger_order on money_ledger (order_id);
create index money_ledger_account on money_ledger (account, currency);

create function check_money_transaction() returns trigger
language plpgsql as $$
begin
  if exists (
    select 1 from money_ledger where transaction_id = new.transaction_id
    group by currency having sum(amount) <> 0
  ) then
    raise exception 'postings of % do not sum to zero', new.transaction_id using errcode = '23514';
  end if;
  return null;
end $$;

create constraint trigger money_transaction_balances after insert on money_ledger
  deferrable initially deferred for each row execute function check_money_transaction();

create function refuse_change() returns trigger
language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = '0A000';
end $$;

create trigger money_ledger_is_append_only before update or delete on money_ledger
  for each row execute function refuse_change();

-- A manual payment (bank transfer, cash on delivery) counts as received when staff say so.
alter table payment_attempts add column received_at timestamptz;
