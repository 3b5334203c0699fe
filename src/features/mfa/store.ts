import { and, count, eq, isNotNull, isNull, lt, sql } from "drizzle-orm";
import type { Id } from "#core/ids";
import type { Context } from "#platform/context";
import type { SealedText } from "#platform/sealed-text";
import { type AuthenticatorRow, authenticators, recoveryCodes } from "./tables.ts";

export async function findAuthenticator(
  context: Context,
  userId: Id<"user">,
): Promise<AuthenticatorRow | undefined> {
  const [row] = await context.databases.primary
    .select()
    .from(authenticators)
    .where(eq(authenticators.userId, userId));
  return row;
}

/** Puts a secret in place of one that was never confirmed. @returns false when a confirmed one is there. */
export async function putUnconfirmed(
  context: Context,
  userId: Id<"user">,
  { keyId, sealed }: SealedText,
): Promise<boolean> {
  const rows = await context.databases.primary
    .insert(authenticators)
    .values({ userId, keyId, secret: sealed })
    .onConflictDoUpdate({
      target: authenticators.userId,
      set: { keyId, secret: sealed, createdAt: sql`now()` },
      setWhere: isNull(authenticators.confirmedAt),
    })
    .returning({ userId: authenticators.userId });
  return rows.length === 1;
}

/** Raises unless this very secret is still waiting to be confirmed. */
export function confirmAuthenticator(context: Context, { userId, secret }: AuthenticatorRow, step: number) {
  return context.databases.primary.execute(sql`
    with confirmed as (
      update authenticators set confirmed_at = now(), last_step = ${step}
      where user_id = ${userId} and secret = ${secret} and confirmed_at is null
      returning 1)
    select expect_rows((select count(*) from confirmed), 1)`);
}

/** Takes the code of this step. @returns false when it, or one of a later step, was taken before. */
export async function takeStep(
  context: Context,
  { userId, secret }: AuthenticatorRow,
  step: number,
): Promise<boolean> {
  const rows = await context.databases.primary
    .update(authenticators)
    .set({ lastStep: step })
    .where(
      and(
        eq(authenticators.userId, userId),
        eq(authenticators.secret, secret),
        isNotNull(authenticators.confirmedAt),
        lt(authenticators.lastStep, step),
      ),
    )
    .returning({ userId: authenticators.userId });
  return rows.length === 1;
}

/** Takes the recovery code. @returns false when there is no such code, or it was taken before. */
export async function takeRecoveryCode(
  context: Context,
  userId: Id<"user">,
  codeHash: string,
): Promise<boolean> {
  const rows = await context.databases.primary
    .update(recoveryCodes)
    .set({ usedAt: sql`now()` })
    .where(
      and(
        eq(recoveryCodes.userId, userId),
        eq(recoveryCodes.codeHash, codeHash),
        isNull(recoveryCodes.usedAt),
      ),
    )
    .returning({ userId: recoveryCodes.userId });
  return rows.length === 1;
}

export async function countRecoveryCodes(context: Context, userId: Id<"user">): Promise<number> {
  const [row] = await context.databases.primary
    .select({ left: count() })
    .from(recoveryCodes)
    .where(and(eq(recoveryCodes.userId, userId), isNull(recoveryCodes.usedAt)));
  return row?.left ?? 0;
}

export function deleteRecoveryCodes(context: Context, userId: Id<"user">) {
  return context.databases.primary.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));
}

export function insertRecoveryCodes(context: Context, userId: Id<"user">, codeHashes: readonly string[]) {
  return context.databases.primary
    .insert(recoveryCodes)
    .values(codeHashes.map((codeHash) => ({ userId, codeHash })));
}

/** Holds the row against others until the transaction ends; raises unless the authenticator is confirmed. */
export function expectConfirmed(context: Context, userId: Id<"user">) {
  return context.databases.primary.execute(sql`
    with held as (
      select 1 from authenticators where user_id = ${userId} and confirmed_at is not null for update)
    select expect_rows((select count(*) from held), 1)`);
}

/** Raises unless there is one to delete. */
export function deleteAuthenticator(context: Context, userId: Id<"user">) {
  return context.databases.primary.execute(sql`
    with deleted as (delete from authenticators where user_id = ${userId} returning 1)
    select expect_rows((select count(*) from deleted), 1)`);
}

/** Whether there is anything that `takeFactors` would take. */
export async function hasFactors(context: Context, userId: Id<"user">): Promise<boolean> {
  const { rows } = await context.databases.primary.execute(sql`
    select 1 from authenticators where user_id = ${userId}
    union all select 1 from recovery_codes where user_id = ${userId}
    union all select 1 from passkeys where user_id = ${userId}
    limit 1`);
  return rows.length > 0;
}

/** Deletes authenticator app, recovery codes and passkeys; raises when there is none of them. */
export function takeFactors(context: Context, userId: Id<"user">) {
  return context.databases.primary.execute(sql`
    with apps as (delete from authenticators where user_id = ${userId} returning 1),
    codes as (delete from recovery_codes where user_id = ${userId} returning 1),
    devices as (delete from passkeys where user_id = ${userId} returning 1)
    select expect_rows(
      (exists (select from apps) or exists (select from codes) or exists (select from devices))::int, 1)`);
}
