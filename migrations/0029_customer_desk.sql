-- Customers whom the shop disables, and how its staff finds a customer by the beginning of an e-mail address.
-- Locks: users is briefly exclusive for the new column, which rewrites no row, and holds writes up while the index is
-- built; sessions briefly for its trigger.

alter table users
  add column disabled_at timestamptz;

-- users_email compares as the database's language does, and serves no prefix.
create index users_email_prefix on users (lower(email) text_pattern_ops);

-- TW004 is "the account is disabled". However somebody signs in, a session begins here. The lock makes the sign-in wait
-- for whoever disables the account at the same time, and the other way round: either the session is refused, or it is
-- there already when the sessions of the account are ended.
create function refuse_disabled_accounts() returns trigger
language plpgsql as $$
declare
  disabled timestamptz;
begin
  select disabled_at into disabled from users where id = new.user_id for share;
  if disabled is not null then
    raise exception 'the account is disabled' using errcode = 'TW004';
  end if;
  return new;
end $$;
create trigger refuse_disabled_accounts before insert on sessions
  for each row execute function refuse_disabled_accounts();
