import type { Permission } from "#core/permissions";

export const staffLimits = {
  nameCharactersMax: 80,
  descriptionCharactersMax: 500,
  rolesPerMemberMax: 20,
} as const;

/**
 * Whether the one has all that the other has: only then may the one give, change or take it. An admin has every
 * permission, so only who has them all appoints and dismisses admins.
 */
export function covers(one: ReadonlySet<Permission>, other: Iterable<Permission>): boolean {
  return [...other].every((permission) => one.has(permission));
}
