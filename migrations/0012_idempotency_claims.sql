-- Which writes with an Idempotency-Key are running right now, so that a twin is told to wait instead of doing the same
-- work. Only a courtesy: what decides is the primary key of idempotency_records, in the transaction of the effect.
-- Unlogged: a claim is worth nothing after a crash, and no write should wait for it to reach the disk.
-- Locks: none that matter, the table is new.

create unlogged table idempotency_claims (
  scope text not null,
  key text not null,
  fingerprint text not null,
  -- The one request that runs; a twin has another.
  claim_id text not null,
  -- A request that died is waited for no longer than this.
  leased_until timestamptz not null,
  primary key (scope, key)
);
create index idempotency_claims_age on idempotency_claims (leased_until);
