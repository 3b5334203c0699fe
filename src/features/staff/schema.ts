import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";
import { type Permission, permissions } from "#core/permissions";
import { EmailText } from "#core/text";
import { staffLimits } from "./rules.ts";

// The keys of permissions are what Permission is made of.
export const PermissionName = z
  .enum(Object.keys(permissions) as [Permission, ...Permission[]])
  .openapi("Permission");

export const RoleId = idSchema("staffRole");
export const MemberId = idSchema("user");

const roleName = z.string().trim().min(1).max(staffLimits.nameCharactersMax);
const description = z.string().trim().max(staffLimits.descriptionCharactersMax);
const permissionSet = z.array(PermissionName).max(Object.keys(permissions).length);
const roleIds = z.array(RoleId).max(staffLimits.rolesPerMemberMax);

export const NewRole = z
  .strictObject({ name: roleName, description: description.default(""), permissions: permissionSet })
  .openapi("NewStaffRole");
export type NewRole = z.infer<typeof NewRole>;

export const RolePatch = z
  .strictObject({
    name: roleName.optional(),
    description: description.optional(),
    permissions: permissionSet.optional(),
  })
  .openapi("StaffRolePatch");
export type RolePatch = z.infer<typeof RolePatch>;

export const RoleWire = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    permissions: z.array(PermissionName),
    built_in: z.boolean().openapi({ description: "Comes with the shop and stays as it is." }),
    version: z.int(),
  })
  .openapi("StaffRole");
export type RoleWire = z.infer<typeof RoleWire>;

const memberRole = z.enum(["staff", "admin"]).openapi({ description: "An admin may do everything." });

export const Appointment = z
  .strictObject({
    email: EmailText.openapi({ format: "email", description: "Of an account that exists." }),
    role: memberRole.default("staff"),
    role_ids: roleIds.default([]),
  })
  .openapi("StaffAppointment");
export type Appointment = z.infer<typeof Appointment>;

export const MemberPatch = z
  .strictObject({
    role: memberRole.optional(),
    role_ids: roleIds.optional(),
    suspended: z.boolean().optional(),
  })
  .openapi("StaffMemberPatch");
export type MemberPatch = z.infer<typeof MemberPatch>;

export const Dismissal = z.strictObject({
  api_keys: z.enum(["keep", "revoke"]).optional().openapi({
    description: "What becomes of the API keys that the member made and that are good.",
  }),
});

export const MemberWire = z
  .object({
    id: z.string(),
    email: z.string(),
    name: z.string(),
    role: memberRole,
    roles: z.array(z.object({ id: z.string(), name: z.string() })),
    permissions: z.array(PermissionName).openapi({ description: "Of all roles together." }),
    suspended: z.boolean().openapi({ description: "May do nothing until that is taken back." }),
    version: z.int(),
  })
  .openapi("StaffMember");
export type MemberWire = z.infer<typeof MemberWire>;
