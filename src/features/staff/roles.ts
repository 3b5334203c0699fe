import { AppError } from "#core/errors";
import { type Id, newId } from "#core/ids";
import type { Page, PageRequest } from "#core/page";
import type { Context } from "#platform/context";
import { readPage } from "#platform/cursor";
import { databaseErrorOf, transact, violatesUnique } from "#platform/database";
import { recordAnswer } from "#platform/idempotency";
import { requireCover } from "./require-cover.ts";
import { deleteRole, insertRole, selectRoles, selectRolesById, updateRole } from "./role-store.ts";
import type { NewRole, RolePatch, RoleWire } from "./schema.ts";

type RoleAtVersion = { readonly id: Id<"staffRole">; readonly version: number };

export async function listRoles(context: Context, request: PageRequest): Promise<Page<RoleWire>> {
  return readPage<RoleWire>(context.settings, request, {
    name: "staff roles",
    positionOf: ({ id }) => [id],
    read: (travel) => selectRoles(context, travel),
  });
}

/** @throws AppError not_found. */
export async function readRole(context: Context, id: Id<"staffRole">): Promise<RoleWire> {
  const [role] = await selectRolesById(context, [id]);
  if (role === undefined) throw new AppError("not_found", { detail: "There is no role with this id." });
  return role;
}

/** @throws AppError forbidden, role_name_taken. */
export async function createRole(context: Context, input: NewRole): Promise<RoleWire> {
  requireCover(context, input.permissions);
  const id = newId("staffRole", context.now());
  const role: RoleWire = { ...input, id, built_in: false, version: 1 };
  await transact(context.databases.primary, [
    insertRole(context, role),
    ...recordAnswer(context, role),
  ]).catch(refuseTakenName);
  return role;
}

/**
 * Changes a role for everybody who holds it, at once.
 * @throws AppError forbidden, not_found, role_built_in, version_mismatch, role_name_taken.
 */
export async function changeRole(
  context: Context,
  { id, version }: RoleAtVersion,
  patch: RolePatch,
): Promise<RoleWire> {
  const before = await readChangeableRole(context, { id, version });
  const role: RoleWire = {
    ...before,
    name: patch.name ?? before.name,
    description: patch.description ?? before.description,
    permissions: patch.permissions ?? before.permissions,
    version: version + 1,
  };
  requireCover(context, before.permissions, role.permissions);
  await transact(context.databases.primary, [
    updateRole(context, role, version),
    ...recordAnswer(context, role),
  ]).catch(refuseTakenName);
  return role;
}

/** @throws AppError forbidden, not_found, role_built_in, role_in_use, version_mismatch. */
export async function removeRole(context: Context, address: RoleAtVersion): Promise<void> {
  const role = await readChangeableRole(context, address);
  requireCover(context, role.permissions);
  await transact(context.databases.primary, [deleteRole(context, role)]).catch((error: unknown) => {
    if (databaseErrorOf(error)?.constraint !== "staff_member_roles_role_id_fkey") throw error;
    throw new AppError("role_in_use", {
      detail: "Take the role from its holders first; see GET /admin/staff.",
    });
  });
}

async function readChangeableRole(context: Context, { id, version }: RoleAtVersion): Promise<RoleWire> {
  const role = await readRole(context, id);
  if (role.built_in)
    throw new AppError("role_built_in", { detail: "Make a role of your own with POST /admin/roles." });
  if (role.version !== version)
    throw new AppError("version_mismatch", { detail: "Read the role again and repeat the change." });
  return role;
}

function refuseTakenName(error: unknown): never {
  if (!violatesUnique(error, "staff_roles_name")) throw error;
  throw new AppError("role_name_taken", { detail: "Choose another name." });
}
