import type { BatchItem } from "drizzle-orm/batch";
import { AppError } from "#core/errors";
import type { Id } from "#core/ids";
import type { Page, PageRequest } from "#core/page";
import { allPermissions } from "#core/permissions";
import { livingKeysOf, revokeKeysOf } from "#features/api-keys/keys-of-maker";
import type { Context } from "#platform/context";
import { readPage } from "#platform/cursor";
import { transact } from "#platform/database";
import { recordAnswer } from "#platform/idempotency";
import { requireCover } from "./require-cover.ts";
import { selectRolesById } from "./role-store.ts";
import type { Appointment, MemberPatch, MemberWire, RoleWire } from "./schema.ts";
import {
  appointAccount,
  replaceRoles,
  selectAccount,
  selectMember,
  selectMembers,
  setRoleOfAccount,
  takesLastAdmin,
  updateMember,
} from "./store.ts";

type MemberAtVersion = { readonly id: Id<"user">; readonly version: number };

export async function listStaff(context: Context, request: PageRequest): Promise<Page<MemberWire>> {
  return readPage<MemberWire>(context.settings, request, {
    name: "staff",
    positionOf: ({ id }) => [id],
    read: (travel) => selectMembers(context, travel),
  });
}

/** @throws AppError not_found. */
export async function readMember(context: Context, id: Id<"user">): Promise<MemberWire> {
  const member = await selectMember(context, id);
  if (member === undefined)
    throw new AppError("not_found", { detail: "Nobody of the staff has this id; see GET /admin/staff." });
  return member;
}

/**
 * Makes a customer a member of the staff.
 * @throws AppError forbidden, not_found, already_staff, conflict.
 */
export async function appointStaff(context: Context, input: Appointment): Promise<MemberWire> {
  const [account, roles] = await Promise.all([
    selectAccount(context, input.email),
    readRoles(context, input.role_ids),
  ]);
  if (account === undefined)
    throw new AppError("not_found", { detail: "No account has this e-mail; it has to register first." });
  if (account.role !== "customer")
    throw new AppError("already_staff", { detail: "Change the member with PATCH /admin/staff/{id}." });
  const { id, email, name } = account;
  const member = withRoles({ id, email, name, role: input.role, suspended: false, version: 1 }, roles);
  requireCover(context, member.permissions);
  await write(context, [
    appointAccount(context, member),
    ...replaceRoles(context, id, roles),
    ...recordAnswer(context, member),
  ]);
  return member;
}

/**
 * Changes what a member may do, from the next request on.
 * @throws AppError forbidden, not_found, version_mismatch, last_admin, conflict.
 */
export async function changeMember(
  context: Context,
  address: MemberAtVersion,
  patch: MemberPatch,
): Promise<MemberWire> {
  const before = await readAtVersion(context, address);
  const roles = await readRoles(context, patch.role_ids ?? before.roles.map(({ id }) => id));
  const changed = {
    ...before,
    role: patch.role ?? before.role,
    suspended: patch.suspended ?? before.suspended,
    version: before.version + 1,
  };
  const member = withRoles(changed, roles);
  requireCover(context, before.permissions, member.permissions);
  await write(context, [
    updateMember(context, member, before.version),
    setRoleOfAccount(context, member.id, member.role),
    ...replaceRoles(context, member.id, roles),
    ...recordAnswer(context, member),
  ]);
  return member;
}

/** What becomes of the API keys that a member made, when the member leaves. */
export type FateOfKeys = "keep" | "revoke" | undefined;

/** Keys that a refusal names. */
const namedKeysMax = 20;

/**
 * Makes a member of the staff a customer again. Keys that the member made are the shop's, yet the member has seen them:
 * while there are any, whoever dismisses says what becomes of them.
 * @throws AppError forbidden, not_found, version_mismatch, last_admin, api_keys_undecided, conflict.
 */
export async function dismissStaff(
  context: Context,
  address: MemberAtVersion,
  fateOfKeys: FateOfKeys,
): Promise<void> {
  const [member, keys] = await Promise.all([
    readAtVersion(context, address),
    livingKeysOf(context, address.id),
  ]);
  requireCover(context, member.permissions);
  if (fateOfKeys === undefined && keys.length > 0)
    throw new AppError("api_keys_undecided", {
      detail:
        "The member made keys that are good. Say api_keys=revoke, or api_keys=keep and rotate them: the member has seen them.",
      members: { api_keys: keys.slice(0, namedKeysMax) },
    });
  await write(context, [
    updateMember(context, member, member.version),
    setRoleOfAccount(context, member.id, "customer"),
    ...(fateOfKeys === "revoke" ? revokeKeysOf(context, member.id, keys) : []),
  ]);
}

async function readAtVersion(context: Context, { id, version }: MemberAtVersion): Promise<MemberWire> {
  const member = await readMember(context, id);
  if (member.version !== version)
    throw new AppError("version_mismatch", { detail: "Read the member again and repeat the change." });
  return member;
}

/** @throws AppError not_found when one of them does not exist. */
async function readRoles(context: Context, ids: readonly string[]): Promise<RoleWire[]> {
  const wanted = new Set(ids);
  const roles = wanted.size === 0 ? [] : await selectRolesById(context, [...wanted]);
  if (roles.length !== wanted.size)
    throw new AppError("not_found", { detail: "One of role_ids is no role; see GET /admin/roles." });
  return roles;
}

function withRoles(
  member: Omit<MemberWire, "roles" | "permissions">,
  roles: readonly RoleWire[],
): MemberWire {
  const ofRoles = new Set(roles.flatMap(({ permissions }) => permissions));
  return {
    ...member,
    roles: roles.map(({ id, name }) => ({ id, name })),
    permissions: [...(member.role === "admin" ? allPermissions : ofRoles)],
  };
}

async function write(context: Context, statements: [BatchItem<"pg">, ...BatchItem<"pg">[]]): Promise<void> {
  await transact(context.databases.primary, statements).catch((error: unknown) => {
    if (!takesLastAdmin(error)) throw error;
    throw new AppError("last_admin", { detail: "Make somebody else an admin first." });
  });
}
