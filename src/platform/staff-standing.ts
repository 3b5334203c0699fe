import { sql } from "drizzle-orm";
import { z } from "zod";
import { AppError } from "#core/errors";
import { type Permission, allPermissions, knownPermissions } from "#core/permissions";
import type { UserPrincipal } from "#core/principal";
import type { Context } from "./context.ts";

const StandingRow = z.object({
  role: z.enum(["customer", "staff", "admin"]),
  suspended: z.boolean(),
  second_factor: z.boolean(),
  permissions: z.array(z.string()),
});

/** What somebody may do as staff, and whether the account has an authenticator app or a passkey. */
type Standing = { readonly permissions: ReadonlySet<Permission>; readonly hasSecondFactor: boolean };

const none: Standing = { permissions: new Set(), hasSecondFactor: false };

/**
 * What a member of the staff may do at this moment, whatever the token says: one question to the primary, asked for
 * routes of the staff only. So who is dismissed, demoted, suspended or signed out has lost all power at once.
 * @throws AppError invalid_token when the session has ended or the account's tokens were revoked.
 */
export async function readStanding(
  context: Context,
  { userId, sessionId, sessionVersion, role }: UserPrincipal,
): Promise<Standing> {
  // A token of a customer never had any power to lose; who was appointed since gets a new one at the next refresh.
  if (role === "customer") return none;
  const { rows } = await context.databases.primary.execute(sql`
    select users.role, member.suspended_at is not null as suspended,
      exists (select 1 from authenticators where user_id = users.id and confirmed_at is not null)
        or exists (select 1 from passkeys where user_id = users.id) as second_factor,
      coalesce((
        select jsonb_agg(distinct permission)
        from staff_member_roles held
          join staff_roles on staff_roles.id = held.role_id, unnest(staff_roles.permissions) permission
        where held.user_id = users.id), '[]') as permissions
    from users
      join sessions on sessions.user_id = users.id
      left join staff_members member on member.user_id = users.id
    where users.id = ${userId} and users.session_version = ${sessionVersion}
      and sessions.id = ${sessionId} and sessions.revoked_at is null and sessions.expires_at > now()`);
  const [row] = z.array(StandingRow).parse(rows);
  if (row === undefined)
    throw new AppError("invalid_token", { detail: "This session has ended. Sign in at POST /auth/login." });
  if (row.role === "customer" || row.suspended) return none;
  return {
    permissions: row.role === "admin" ? allPermissions : knownPermissions(row.permissions),
    hasSecondFactor: row.second_factor,
  };
}
