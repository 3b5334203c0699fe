-- How an account signs in beside its password: when and by what a session was proven, identities at other providers,
-- authenticator apps and recovery codes.
-- Locks: sessions briefly exclusive; the defaults are constant, so no row is rewritten. The tables are new.

alter table sessions
  -- When somebody last proved to be the owner. Refreshing a session proves nothing.
  add column authenticated_at timestamptz not null default now(),
  -- By what: 'pwd', 'otp', 'recovery_code', 'passkey', 'federated'.
  add column methods text[] not null default '{pwd}';

-- An account at an identity provider that opens an account here.
create table identities (
  id text primary key,
  user_id text not null references users (id) on delete cascade,
  provider text not null,
  -- Who it is there: stable, unlike the e-mail.
  subject text not null,
  email text,
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  constraint identities_subject unique (provider, subject),
  constraint identities_user_provider unique (user_id, provider)
);

-- One authenticator app an account. Until it is confirmed it asks nothing of anybody.
create table authenticators (
  user_id text primary key references users (id) on delete cascade,
  -- AES-GCM under the key named by key_id, bound to the user: base64url of the nonce and the ciphertext.
  secret text not null,
  key_id text not null,
  confirmed_at timestamptz,
  -- The newest time step whose code was taken: each is good once, and none before it is good any more.
  last_step bigint not null default 0,
  created_at timestamptz not null default now()
);

create table recovery_codes (
  user_id text not null references users (id) on delete cascade,
  -- SHA-256 over the user and the code, which has 80 random bits.
  code_hash text not null,
  used_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (user_id, code_hash)
);
