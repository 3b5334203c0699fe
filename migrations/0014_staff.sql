-- Staff: accounts that hold permissions through roles, and the rule that a shop keeps at least one admin.
-- Locks: users is locked while its check is replaced and verified by one scan; everything else is new.

alter table users drop constraint users_role_check;
alter table users add constraint users_role_check check (role in ('customer', 'staff', 'admin'));

create table staff_roles (
  id text primary key,
  name text not null check (length(name) between 1 and 80),
  description text not null default '',
  -- Names of the vocabulary in src/core/permissions.ts; one that it no longer knows gives nothing.
  permissions text[] not null,
  -- Comes with the shop and stays as it is.
  built_in boolean not null default false,
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index staff_roles_name on staff_roles (lower(name));

-- One row for each user whose role is staff or admin; the trigger below keeps it so, whoever changes the role.
create table staff_members (
  user_id text primary key references users (id) on delete cascade,
  suspended_at timestamptz,
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table staff_member_roles (
  user_id text not null references staff_members (user_id) on delete cascade,
  role_id text not null references staff_roles (id),
  primary key (user_id, role_id)
);
create index staff_member_roles_role on staff_member_roles (role_id);

create function keep_staff_members() returns trigger
language plpgsql as $$
begin
  if new.role = 'customer' then
    delete from staff_members where user_id = new.id;
  else
    insert into staff_members (user_id) values (new.id) on conflict do nothing;
  end if;
  return null;
end $$;
create trigger keep_staff_members after insert or update of role on users
  for each row execute function keep_staff_members();

insert into staff_members (user_id) select id from users where role = 'admin';

-- TW003 is "the shop would be left without an admin". Whoever takes power from an admin waits here for the others who
-- do, and looks only then: each statement of a function sees what was committed before it began.
create function keep_an_admin() returns trigger
language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtext('tradewind admins'));
  if not exists (
    select from users join staff_members on staff_members.user_id = users.id
    where users.role = 'admin' and staff_members.suspended_at is null
  ) then
    raise exception 'the last admin cannot be removed, demoted or suspended' using errcode = 'TW003';
  end if;
  return null;
end $$;
create trigger keep_an_admin after update of role on users
  for each row when (old.role = 'admin' and new.role <> 'admin') execute function keep_an_admin();
create trigger keep_an_admin_undeleted after delete on users
  for each row when (old.role = 'admin') execute function keep_an_admin();
create trigger keep_an_admin_at_work after update of suspended_at on staff_members
  for each row when (old.suspended_at is null and new.suspended_at is not null) execute function keep_an_admin();

insert into staff_roles (id, name, description, permissions, built_in) values
  ('rol_00000000000000000000000001', 'Catalogue manager', 'Keeps products, categories and search in order.',
    '{catalogue:read,catalogue:write,inventory:read,search:rebuild}', true),
  ('rol_00000000000000000000000002', 'Fulfilment', 'Packs and ships orders, and counts stock.',
    '{catalogue:read,inventory:read,inventory:adjust,orders:read,orders:fulfil,orders:return}', true),
  ('rol_00000000000000000000000003', 'Support', 'Helps customers with their orders.',
    '{catalogue:read,inventory:read,orders:read,orders:cancel,orders:return,customers:read,customers:write}', true),
  ('rol_00000000000000000000000004', 'Finance', 'Confirms payments, gives money back and follows disputes.',
    '{orders:read,payments:read,payments:refund,payments:confirm,audit:read}', true);
