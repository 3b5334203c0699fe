import { and, asc, eq, lt, or, sql } from "drizzle-orm";
import type { Id } from "#core/ids";
import type { Context } from "#platform/context";
import { violatesUnique } from "#platform/database";
import { type PasskeyRow, passkeys } from "./tables.ts";

export type NewPasskey = Omit<PasskeyRow, "createdAt" | "lastUsedAt">;

/** Breaks `passkeys_credential` when the credential is registered already. */
export function insertPasskey(context: Context, passkey: NewPasskey) {
  return context.databases.primary.insert(passkeys).values(passkey).returning();
}

export function lostCredentialRace(error: unknown): boolean {
  return violatesUnique(error, "passkeys_credential");
}

export function findPasskeysOf(context: Context, userId: Id<"user">): Promise<PasskeyRow[]> {
  return context.databases.primary
    .select()
    .from(passkeys)
    .where(eq(passkeys.userId, userId))
    .orderBy(asc(passkeys.id));
}

export async function findPasskeyByCredential(
  context: Context,
  credentialId: string,
): Promise<PasskeyRow | undefined> {
  const [row] = await context.databases.primary
    .select()
    .from(passkeys)
    .where(eq(passkeys.credentialId, credentialId));
  return row;
}

/** Notes a use. @returns false when the authenticator's count did not grow: there may be a copy of it. */
export async function noteUse(
  context: Context,
  { id }: PasskeyRow,
  use: { counter: number; backedUp: boolean },
): Promise<boolean> {
  const doesNotCount = and(eq(passkeys.counter, 0), sql`${use.counter} = 0`);
  const rows = await context.databases.primary
    .update(passkeys)
    .set({ ...use, lastUsedAt: sql`now()` })
    .where(and(eq(passkeys.id, id), or(lt(passkeys.counter, use.counter), doesNotCount)))
    .returning({ id: passkeys.id });
  return rows.length === 1;
}

type OwnPasskey = { userId: Id<"user">; id: Id<"passkey"> };

export async function renameInStore(
  context: Context,
  { userId, id }: OwnPasskey,
  name: string,
): Promise<PasskeyRow | undefined> {
  const [row] = await context.databases.primary
    .update(passkeys)
    .set({ name })
    .where(and(eq(passkeys.id, id), eq(passkeys.userId, userId)))
    .returning();
  return row;
}

export function deletePasskey(context: Context, { userId, id }: OwnPasskey) {
  return context.databases.primary
    .delete(passkeys)
    .where(and(eq(passkeys.id, id), eq(passkeys.userId, userId)));
}
