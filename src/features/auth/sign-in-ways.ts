import { sql } from "drizzle-orm";
import type { Id } from "#core/ids";
import type { Context } from "#platform/context";

/** Begins a transaction that takes away a way to sign in: others that do so to this account wait for its end. */
export function holdAccount(context: Context, userId: Id<"user">) {
  return context.databases.primary.execute(sql`select 1 from users where id = ${userId} for update`);
}

/** Ends it: raises, so that nothing is taken away, when the account would have no way left. */
export function expectSomeWayIn(context: Context, userId: Id<"user">) {
  return context.databases.primary.execute(sql`
    select expect_rows(
      case when exists (select from users where id = ${userId} and password_hash is not null)
             or exists (select from identities where user_id = ${userId})
             or exists (select from passkeys where user_id = ${userId})
           then 1 else 0 end, 1)`);
}
