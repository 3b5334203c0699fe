-- Passkeys (WebAuthn credentials) that open an account.
-- Locks: a new table only.

create table passkeys (
  id text primary key,
  user_id text not null references users (id) on delete cascade,
  -- The authenticator's own id of the credential, and its COSE public key; both base64url.
  credential_id text not null,
  public_key text not null,
  -- What the authenticator counted at the last use; one that does not count says 0 for ever.
  counter bigint not null check (counter >= 0),
  transports text[] not null default '{}',
  -- Chosen by the owner, to tell them apart.
  name text not null,
  -- Whether the credential is synced between the owner's devices.
  backed_up boolean not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  constraint passkeys_credential unique (credential_id)
);
create index passkeys_user on passkeys (user_id);
