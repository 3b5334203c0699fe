-- The address book of a customer.
-- Locks: a new table only.

create table customer_addresses (
  id text primary key,
  user_id text not null references users (id) on delete cascade,
  -- As an order has it: name, lines, city, region, postal code, country, phone.
  address jsonb not null,
  default_shipping boolean not null default false,
  default_billing boolean not null default false,
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index customer_addresses_user on customer_addresses (user_id, id);
-- One default of each kind, whatever happens at once.
create unique index customer_addresses_default_shipping on customer_addresses (user_id) where default_shipping;
create unique index customer_addresses_default_billing on customer_addresses (user_id) where default_billing;
