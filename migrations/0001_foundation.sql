-- The first schema: catalogue, identity, orders, payments, stock copies, events, idempotency.
-- Locks: none that matter, every table is new.

-- Guards for non-interactive transactions: a batch has no branches, so a statement that must have changed rows
-- raises when it did not, and the whole batch rolls back. TW001 is "somebody else was faster".
create function expect_rows(actual bigint, expected bigint) returns void
language plpgsql as $$
begin
  if actual <> expected then
    raise exception 'expected % changed rows, got %', expected, actual using errcode = 'TW001';
  end if;
end $$;

-- Catalogue -----------------------------------------------------------------------------------------------------

create table categories (
  id text primary key,
  handle text not null unique,
  title text not null,
  parent_id text references categories (id),
  created_at timestamptz not null default now()
);

create table products (
  id text primary key,
  handle text not null unique,
  title text not null,
  description text not null default '',
  brand text,
  product_type text,
  status text not null check (status in ('draft', 'active', 'archived')),
  tags text[] not null default '{}',
  -- [{ name, values: [text] }] in the order in which a buyer chooses.
  options jsonb not null default '[]',
  -- [{ url, alt }] in display order.
  images jsonb not null default '[]',
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  -- Extremes over the variants, kept by the verbs that write them: list filters and sorts read these.
  price_min bigint not null check (price_min >= 0),
  price_max bigint not null check (price_max >= price_min),
  rating_sum bigint not null default 0,
  rating_count integer not null default 0 check (rating_count >= 0),
  rating_average numeric(3, 2) generated always as
    (case when rating_count = 0 then 0 else round(rating_sum::numeric / rating_count, 2) end) stored,
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index products_newest on products (created_at desc, id desc) where status = 'active';
create index products_price on products (currency, price_min, id) where status = 'active';
create index products_rating on products (rating_average desc, id desc) where status = 'active';
create index products_title on products (title, id) where status = 'active';
create index products_brand on products (brand, created_at desc, id desc) where status = 'active';

create table variants (
  id text primary key,
  product_id text not null references products (id) on delete cascade,
  position integer not null,
  sku text not null unique check (length(sku) between 1 and 128),
  title text not null,
  -- { "Size": "M", "Colour": "Navy" }
  options jsonb not null default '{}',
  price bigint not null check (price >= 0),
  compare_at_price bigint check (compare_at_price >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  image_url text,
  barcode text,
  weight_grams integer check (weight_grams >= 0),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (product_id, position) deferrable initially deferred
);

create table product_categories (
  product_id text not null references products (id) on delete cascade,
  category_id text not null references categories (id) on delete cascade,
  primary key (category_id, product_id)
);
create index product_categories_product on product_categories (product_id);

-- Stock: copies of what the inventory objects decided --------------------------------------------------------------

-- The journal of every inventory object, gapless in seq per SKU.
create table stock_ledger (
  sku text not null,
  seq bigint not null check (seq > 0),
  kind text not null,
  quantity integer not null,
  reservation_id text,
  reason text,
  on_hand bigint not null,
  held bigint not null,
  sold bigint not null,
  at timestamptz not null,
  primary key (sku, seq),
  check (on_hand - held - sold >= 0)
);

-- The latest known figures per SKU: advisory, the inventory object decides.
create table stock_levels (
  sku text primary key,
  on_hand bigint not null,
  held bigint not null,
  sold bigint not null,
  available bigint generated always as (on_hand - held - sold) stored,
  -- The inventory object's seq that these figures belong to; an older report never overwrites a newer one.
  version bigint not null,
  updated_at timestamptz not null default now()
);

-- Identity ------------------------------------------------------------------------------------------------------

create table users (
  id text primary key,
  email text not null,
  name text not null,
  role text not null check (role in ('customer', 'admin')),
  password_hash text,
  email_verified_at timestamptz,
  -- Raised to revoke every access token at once.
  session_version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index users_email on users (lower(email));

create table sessions (
  id text primary key,
  user_id text not null references users (id) on delete cascade,
  -- SHA-256 of the refresh token that is good now, and of its predecessor for the grace period after a rotation.
  refresh_hash text not null unique,
  previous_refresh_hash text unique,
  rotated_at timestamptz not null default now(),
  user_agent text,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  created_at timestamptz not null default now()
);
create index sessions_user on sessions (user_id);

-- Orders --------------------------------------------------------------------------------------------------------

create type order_status as enum (
  'pending_payment', 'payment_unknown', 'payment_review', 'authorised', 'paid', 'fulfilling', 'shipped',
  'delivered', 'cancelled', 'expired', 'partially_refunded', 'refunded'
);

create sequence order_numbers start 1001;

create table orders (
  id text primary key,
  -- Given when the order is paid; gaps are allowed.
  number bigint unique,
  status order_status not null default 'pending_payment',
  user_id text references users (id),
  email text not null,
  cart_id text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  subtotal bigint not null check (subtotal >= 0),
  discount bigint not null default 0 check (discount >= 0),
  shipping bigint not null default 0 check (shipping >= 0),
  tax bigint not null default 0 check (tax >= 0),
  total bigint not null check (total = subtotal - discount + shipping + tax and total >= 0),
  refunded bigint not null default 0 check (refunded between 0 and total),
  shipping_method text not null,
  shipping_address jsonb not null,
  billing_address jsonb not null,
  notes text,
  traceparent text,
  hold_expires_at timestamptz not null,
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
-- Ids are time-ordered: the newest have the greatest.
create index orders_user on orders (user_id, id desc) where user_id is not null;
create index orders_overdue on orders (hold_expires_at) where status in ('pending_payment', 'payment_unknown');

create table order_lines (
  id text primary key,
  order_id text not null references orders (id),
  position integer not null,
  product_id text not null,
  variant_id text not null,
  sku text not null,
  title text not null,
  quantity integer not null check (quantity > 0),
  unit_price bigint not null check (unit_price >= 0),
  total bigint not null check (total = unit_price * quantity),
  unique (order_id, position)
);

-- The order's history, gapless in sequence; a row is written in the transaction that changed the order.
create table order_events (
  order_id text not null references orders (id),
  sequence integer not null check (sequence > 0),
  id text not null unique,
  type text not null,
  data jsonb not null default '{}',
  actor text not null,
  at timestamptz not null,
  primary key (order_id, sequence)
);

create table fulfilments (
  id text primary key,
  order_id text not null references orders (id),
  status text not null check (status in ('open', 'shipped', 'delivered', 'cancelled')),
  carrier text,
  tracking_number text,
  tracking_url text,
  -- [{ order_line_id, quantity }]
  lines jsonb not null,
  shipped_at timestamptz,
  delivered_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index fulfilments_order on fulfilments (order_id);

-- Payments ------------------------------------------------------------------------------------------------------

create table payment_attempts (
  id text primary key,
  order_id text not null references orders (id),
  provider text not null check (provider in ('stripe', 'paypal', 'manual')),
  status text not null check
    (status in ('creating', 'pending', 'requires_action', 'authorised', 'captured', 'cancelled', 'failed', 'unknown')),
  -- The provider's own id of the payment; null until its answer was stored.
  provider_reference text,
  amount bigint not null check (amount >= 0),
  currency text not null,
  captured_amount bigint not null default 0 check (captured_amount between 0 and amount),
  failure_code text,
  -- When the sweep asks the provider about this payment, should no webhook come.
  next_check_at timestamptz not null default now() + interval '20 seconds',
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (provider, provider_reference)
);
create index payment_attempts_order on payment_attempts (order_id, id desc);
-- An order has at most one attempt that can still take money.
create unique index payment_attempts_open on payment_attempts (order_id)
  where status in ('creating', 'pending', 'requires_action', 'authorised', 'captured', 'unknown');

create index payment_attempts_check on payment_attempts (next_check_at)
  where status in ('creating', 'pending', 'requires_action', 'authorised', 'unknown');

-- What the providers told us, verified and stored before anything is done with it.
create table payment_events (
  id text primary key,
  provider text not null,
  provider_event_id text not null,
  type text not null,
  provider_reference text,
  payload jsonb not null,
  occurred_at timestamptz not null,
  received_at timestamptz not null default now(),
  processed_at timestamptz,
  attempts integer not null default 0,
  last_error text,
  unique (provider, provider_event_id)
);
create index payment_events_unprocessed on payment_events (received_at) where processed_at is null;

-- Events and idempotency ------------------------------------------------------------------------------------------

-- Work that must happen after a commit. Ids commit out of order, so readers stay below the oldest running
-- transaction: the row's xid tells.
create table outbox (
  position bigint generated always as identity primary key,
  id text not null unique,
  type text not null,
  subject text not null,
  payload jsonb not null,
  traceparent text,
  transaction_id xid8 not null default pg_current_xact_id(),
  created_at timestamptz not null default now(),
  -- Names of the handlers that have finished with this event.
  handled_by text[] not null default '{}',
  attempts integer not null default 0,
  leased_until timestamptz not null default '-infinity',
  last_error text,
  delivered_at timestamptz,
  dead_at timestamptz
);
create index outbox_pending on outbox (position) where delivered_at is null and dead_at is null;
-- Finds the oldest undelivered event of a subject, behind which its later ones wait.
create index outbox_subject on outbox (subject, position) where delivered_at is null and dead_at is null;
create index outbox_delivered on outbox (delivered_at) where delivered_at is not null;
create index outbox_dead on outbox (dead_at) where dead_at is not null;

create table idempotency_records (
  scope text not null,
  key text not null check (length(key) between 1 and 255),
  fingerprint text not null,
  status smallint not null check (status between 200 and 499),
  headers jsonb not null default '{}',
  body jsonb not null,
  created_at timestamptz not null default now(),
  primary key (scope, key)
);
create index idempotency_records_age on idempotency_records (created_at);

-- Imports -----------------------------------------------------------------------------------------------------------

create table product_imports (
  id text primary key,
  status text not null check (status in ('running', 'finished', 'failed')),
  rows_read integer not null default 0,
  created integer not null default 0,
  updated integer not null default 0,
  unchanged integer not null default 0,
  refused integer not null default 0,
  report jsonb not null default '[]',
  started_at timestamptz not null default now(),
  finished_at timestamptz
);
