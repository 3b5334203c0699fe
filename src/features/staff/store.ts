import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { type Permission, allPermissions, knownPermissions } from "#core/permissions";
import type { Context } from "#platform/context";
import type { Travel } from "#platform/cursor";
import { databaseErrorOf } from "#platform/database";
import { listOf } from "./role-store.ts";
import type { MemberWire } from "./schema.ts";

const MemberRow = z
  .object({
    id: z.string(),
    email: z.string(),
    name: z.string(),
    role: z.enum(["staff", "admin"]),
    roles: z.array(z.object({ id: z.string(), name: z.string(), permissions: z.array(z.string()) })),
    suspended: z.boolean(),
    version: z.coerce.number(),
  })
  .transform(({ roles, ...member }): MemberWire => {
    const ofRoles = knownPermissions(roles.flatMap(({ permissions }) => permissions));
    const permissions: Permission[] = [...(member.role === "admin" ? allPermissions : ofRoles)];
    return { ...member, roles: roles.map(({ id, name }) => ({ id, name })), permissions };
  });

/** The staff by user id, from a place on. */
export async function selectMembers(
  context: Context,
  { direction, from, rowsMax }: Travel,
): Promise<MemberWire[]> {
  const [comparison, order] = direction === "after" ? [sql`>`, sql`asc`] : [sql`<`, sql`desc`];
  const [id] = from ?? [];
  const beyond = id === undefined ? sql`true` : sql`users.id ${comparison} ${id}`;
  return readMembers(context, sql`${beyond} order by users.id ${order} limit ${rowsMax}`);
}

export async function selectMember(context: Context, userId: string): Promise<MemberWire | undefined> {
  const [member] = await readMembers(context, sql`users.id = ${userId}`);
  return member;
}

async function readMembers(context: Context, which: SQL): Promise<MemberWire[]> {
  const { rows } = await context.databases.primary.execute(sql`
    select users.id, users.email, users.name, users.role, member.suspended_at is not null as suspended,
      member.version,
      coalesce((
        select jsonb_agg(
          jsonb_build_object('id', role.id, 'name', role.name, 'permissions', role.permissions) order by role.id)
        from staff_member_roles held join staff_roles role on role.id = held.role_id
        where held.user_id = users.id), '[]') as roles
    from users join staff_members member on member.user_id = users.id
    where ${which}`);
  return z.array(MemberRow).parse(rows);
}

const Account = z.object({ id: z.string(), name: z.string(), email: z.string(), role: z.string() });

export async function selectAccount(
  context: Context,
  email: string,
): Promise<z.infer<typeof Account> | undefined> {
  const { rows } = await context.databases.primary.execute(
    sql`select id, name, email, role from users where lower(email) = lower(${email})`,
  );
  return z.array(Account).parse(rows)[0];
}

/** Raises unless the account still is a customer's. The database makes it a member of the staff with it. */
export function appointAccount(context: Context, { id, role }: MemberWire) {
  return context.databases.primary.execute(sql`
    with appointed as (
      update users set role = ${role}, updated_at = now() where id = ${id} and role = 'customer' returning 1)
    select expect_rows((select count(*) from appointed), 1)`);
}

/** Raises unless the member is still as it was read. */
export function updateMember(context: Context, { id, version, suspended }: MemberWire, versionRead: number) {
  return context.databases.primary.execute(sql`
    with changed as (
      update staff_members set version = ${version}, updated_at = now(),
        suspended_at = case when ${suspended} then coalesce(suspended_at, now()) end
      where user_id = ${id} and version = ${versionRead}
      returning 1)
    select expect_rows((select count(*) from changed), 1)`);
}

/** Begins a transaction that is about this member; raises unless the member still is as it was read. */
export function expectMember(context: Context, { id, version }: MemberWire) {
  return context.databases.primary.execute(sql`
    with held as (select from staff_members where user_id = ${id} and version = ${version} for update)
    select expect_rows((select count(*) from held), 1)`);
}

/** Raises `last_admin` when it would leave the shop without one. */
export function setRoleOfAccount(context: Context, userId: string, role: "customer" | "staff" | "admin") {
  return context.databases.primary.execute(
    sql`update users set role = ${role}, updated_at = now() where id = ${userId} and role <> ${role}`,
  );
}

/** Raises when one of the roles no longer exists, or no longer is at the version that was read. */
export function replaceRoles(
  context: Context,
  userId: string,
  roles: readonly { id: string; version: number }[],
) {
  const { primary } = context.databases;
  return [
    primary.execute(sql`
      with wanted as (select id, version from jsonb_to_recordset(${JSON.stringify(roles)}::jsonb)
        as r (id text, version bigint)),
      found as (
        select role.id from staff_roles role join wanted on wanted.id = role.id and wanted.version = role.version
        for key share of role)
      select expect_rows((select count(*) from found), ${roles.length})`),
    primary.execute(sql`delete from staff_member_roles where user_id = ${userId}`),
    primary.execute(sql`
      insert into staff_member_roles (user_id, role_id)
      select ${userId}, unnest(${listOf(roles.map(({ id }) => id))})`),
  ] as const;
}

/** True when the change would have left the shop without an admin who is at work. */
export function takesLastAdmin(error: unknown): boolean {
  return databaseErrorOf(error)?.code === "TW003";
}
