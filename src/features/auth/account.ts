import { desc, eq } from "drizzle-orm";
import type { Id } from "#core/ids";
import type { Context } from "#platform/context";
import { findUser } from "./store.ts";
import { sessions, type UserRow, users } from "./tables.ts";

/** What other features may know of an account. */
export type Account = Pick<UserRow, "id" | "email" | "name" | "locale" | "role" | "createdAt"> & {
  /** The account's address when its owner has proven it. */
  readonly verifiedEmail: string | undefined;
};

/** The account, or undefined when it was erased. */
export async function findAccount(context: Context, userId: Id<"user">): Promise<Account | undefined> {
  const user = await findUser(context, userId);
  return user && { ...user, verifiedEmail: user.emailVerifiedAt === null ? undefined : user.email };
}

/** The statement that deletes an account and, by their keys, all rows that are nothing without it. */
export function deleteAccount(context: Context, userId: Id<"user">) {
  return context.databases.primary.delete(users).where(eq(users.id, userId));
}

/** The statement that reads every sign-in that is kept, newest first. */
export function selectSignIns(context: Context, userId: Id<"user">) {
  const { id, userAgent, network, createdAt, rotatedAt: lastUsedAt } = sessions;
  return context.databases.primary
    .select({ id, userAgent, network, createdAt, lastUsedAt })
    .from(sessions)
    .where(eq(sessions.userId, userId))
    .orderBy(desc(sessions.createdAt));
}
