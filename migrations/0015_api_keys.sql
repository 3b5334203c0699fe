-- Keys with which programs act as themselves, with permissions of their own.
-- Locks: none that matter, the table is new.

create table api_keys (
  id text primary key,
  name text not null check (length(name) between 1 and 80),
  -- SHA-256 of the key, hexadecimal. The key has 256 random bits, so nothing slower is needed, and it is kept nowhere.
  hash text not null unique,
  -- The last characters of the key, by which people tell keys apart.
  hint text not null,
  permissions text[] not null,
  created_by text not null,
  -- The key that took this one's place; this one is good until it expires.
  replaced_by text references api_keys (id),
  expires_at timestamptz,
  revoked_at timestamptz,
  -- Written once a minute at most.
  last_used_at timestamptz,
  created_at timestamptz not null default now()
);
