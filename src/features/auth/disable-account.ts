import { eq, sql } from "drizzle-orm";
import type { Id } from "#core/ids";
import type { Context } from "#platform/context";
import { transact } from "#platform/database";
import { endEverySession } from "./end-sessions.ts";
import { users } from "./tables.ts";

/**
 * Ends whatever is signed in to the account and lets no further session begin, by whatever proof: the database refuses it.
 * Data and orders stay. Repeating it is harmless.
 */
export async function disableAccount(context: Context, userId: Id<"user">): Promise<void> {
  const { primary } = context.databases;
  await transact(primary, [
    // First: a sign-in at the same time waits for this row, and is refused, or its session is ended with the others.
    primary
      .update(users)
      .set({ disabledAt: sql`coalesce(${users.disabledAt}, now())` })
      .where(eq(users.id, userId)),
    ...endEverySession(context, userId),
  ]);
  context.wakeOutbox();
}

export async function enableAccount(context: Context, userId: Id<"user">): Promise<void> {
  await context.databases.primary.update(users).set({ disabledAt: null }).where(eq(users.id, userId));
}
