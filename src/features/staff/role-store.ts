import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Permission } from "#core/permissions";
import { knownPermissions } from "#core/permissions";
import type { Context } from "#platform/context";
import type { Travel } from "#platform/cursor";
import type { RoleWire } from "./schema.ts";

const RoleRow = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  permissions: z.array(z.string()).transform((names): Permission[] => [...knownPermissions(names)]),
  built_in: z.boolean(),
  version: z.coerce.number(),
});

const columns = sql`id, name, description, to_jsonb(permissions) as permissions, built_in, version`;

/** Roles, the built-in ones first, from a place on. */
export async function selectRoles(
  context: Context,
  { direction, from, rowsMax }: Travel,
): Promise<RoleWire[]> {
  const [comparison, order] = direction === "after" ? [sql`>`, sql`asc`] : [sql`<`, sql`desc`];
  const [id] = from ?? [];
  const beyond = id === undefined ? sql`true` : sql`id ${comparison} ${id}`;
  const { rows } = await context.databases.primary.execute(
    sql`select ${columns} from staff_roles where ${beyond} order by id ${order} limit ${rowsMax}`,
  );
  return z.array(RoleRow).parse(rows);
}

export async function selectRolesById(context: Context, ids: readonly string[]): Promise<RoleWire[]> {
  const { rows } = await context.databases.primary.execute(
    sql`select ${columns} from staff_roles where id = any (${listOf(ids)})`,
  );
  return z.array(RoleRow).parse(rows);
}

/** Breaks the unique index `staff_roles_name` when another role has the name. */
export function insertRole(context: Context, role: RoleWire) {
  return context.databases.primary.execute(sql`
    insert into staff_roles (id, name, description, permissions)
    values (${role.id}, ${role.name}, ${role.description}, ${listOf(role.permissions)})`);
}

/** Raises unless the role is still as it was read. */
export function updateRole(context: Context, role: RoleWire, versionRead: number) {
  return context.databases.primary.execute(sql`
    with changed as (
      update staff_roles set name = ${role.name}, description = ${role.description},
        permissions = ${listOf(role.permissions)}, version = ${role.version}, updated_at = now()
      where id = ${role.id} and version = ${versionRead} and not built_in
      returning 1)
    select expect_rows((select count(*) from changed), 1)`);
}

/** Raises unless the role is still as it was read. Breaks a foreign key while somebody holds it. */
export function deleteRole(context: Context, role: RoleWire) {
  return context.databases.primary.execute(sql`
    with deleted as (
      delete from staff_roles where id = ${role.id} and version = ${role.version} and not built_in returning 1)
    select expect_rows((select count(*) from deleted), 1)`);
}

/** A list of texts as a parameter. */
export function listOf(texts: readonly string[]) {
  return sql`array(select jsonb_array_elements_text(${JSON.stringify(texts)}::jsonb))`;
}
