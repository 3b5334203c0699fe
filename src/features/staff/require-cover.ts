import { AppError } from "#core/errors";
import type { Permission } from "#core/permissions";
import { permissionsOf } from "#core/principal";
import type { Context } from "#platform/context";
import { covers } from "./rules.ts";

/**
 * Refuses whoever would give, change or take permissions that they do not have themselves.
 * @throws AppError forbidden.
 */
export function requireCover({ principal }: Context, ...others: readonly Iterable<Permission>[]): void {
  const own = permissionsOf(principal);
  if (others.every((other) => covers(own, other))) return;
  throw new AppError("forbidden", {
    detail: "Nobody gives, changes or takes permissions that they do not have themselves.",
  });
}
