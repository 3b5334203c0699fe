import { and, asc, eq, sql } from "drizzle-orm";
import type { Id } from "#core/ids";
import type { Context } from "#platform/context";
import { violatesUnique } from "#platform/database";
import { type IdentityRow, identities } from "./tables.ts";

export type NewIdentity = Pick<IdentityRow, "id" | "userId" | "provider" | "subject" | "email">;

/** Breaks `identities_subject` when it opens an account already, `identities_user_provider` when the account has one. */
export function insertIdentity(context: Context, identity: NewIdentity) {
  return context.databases.primary.insert(identities).values(identity);
}

export function lostIdentityRace(error: unknown): boolean {
  return violatesUnique(error, "identities_subject") || violatesUnique(error, "identities_user_provider");
}

export async function findIdentity(
  context: Context,
  { provider, subject }: { provider: string; subject: string },
): Promise<IdentityRow | undefined> {
  const [row] = await context.databases.primary
    .select()
    .from(identities)
    .where(and(eq(identities.provider, provider), eq(identities.subject, subject)));
  return row;
}

export function noteIdentityUse(context: Context, id: Id<"identity">) {
  return context.databases.primary
    .update(identities)
    .set({ lastUsedAt: sql`now()` })
    .where(eq(identities.id, id));
}

export function findIdentitiesOf(context: Context, userId: Id<"user">): Promise<IdentityRow[]> {
  return context.databases.primary
    .select()
    .from(identities)
    .where(eq(identities.userId, userId))
    .orderBy(asc(identities.id));
}

export function deleteIdentity(context: Context, userId: Id<"user">, provider: string) {
  return context.databases.primary
    .delete(identities)
    .where(and(eq(identities.userId, userId), eq(identities.provider, provider)));
}
