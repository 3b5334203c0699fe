-- What owners see of their sessions, and profiles that two devices may edit.
-- Locks: users and sessions briefly exclusive; the defaults are constant, so no row is rewritten.

alter table sessions
  -- The network that the session began from, cut short: 203.0.113.0/24, 2001:db8:1::/48.
  add column network text;

alter table users
  -- A BCP 47 language tag.
  add column locale text check (length(locale) between 2 and 35),
  -- The profile's ETag; whatever changes the profile raises it, whoever does it.
  add column version bigint not null default 1;

create function raise_profile_version() returns trigger
language plpgsql as $$
begin
  new.version := old.version + 1;
  return new;
end $$;

create trigger users_profile_version before update on users for each row
  when ((old.email, old.name, old.role, old.locale, old.email_verified_at)
    is distinct from (new.email, new.name, new.role, new.locale, new.email_verified_at))
  execute function raise_profile_version();
