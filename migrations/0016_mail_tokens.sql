-- One-time tokens that travel by mail: to prove an e-mail address, to change it, to choose a new password.
-- Locks: a new table only.

create table mail_tokens (
  id text primary key,
  purpose text not null check (purpose in ('verify_email', 'change_email', 'reset_password')),
  -- SHA-256 of the token, which only the mail holds.
  token_hash text not null unique,
  -- Null when a new password was asked for an address without an account: both cases write the same, so that the time
  -- of the answer does not tell them apart.
  user_id text references users (id) on delete cascade,
  -- Where the mail goes, which is the address that the token proves.
  email text,
  -- For a change of address: the address that it replaced, which is told of it.
  replaced_email text,
  expires_at timestamptz not null,
  used_at timestamptz,
  created_at timestamptz not null default now(),
  check ((user_id is null) = (email is null))
);
create index mail_tokens_user on mail_tokens (user_id) where used_at is null;
create index mail_tokens_expired on mail_tokens (expires_at);
