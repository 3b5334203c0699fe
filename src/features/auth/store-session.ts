import type { BatchItem } from "drizzle-orm/batch";
import { z } from "zod";
import { AppError } from "#core/errors";
import type { Id } from "#core/ids";
import type { Context } from "#platform/context";
import { databaseErrorOf, transact } from "#platform/database";
import { endSurplusSessions } from "./store.ts";

const Ended = z.tuple([z.object({ ended: z.coerce.number() })]);

/**
 * Stores a new session with what goes with it. The account's sessions beyond the limit end as if they were signed out,
 * with whatever they hold open.
 * @param statements the session's own, then the others.
 * @throws AppError account_disabled.
 */
export async function storeSession(
  context: Context,
  userId: Id<"user">,
  statements: readonly [BatchItem<"pg">, ...BatchItem<"pg">[]],
): Promise<void> {
  const results = await transact(context.databases.primary, [
    ...statements,
    endSurplusSessions(context, userId),
  ]).catch(refuseDisabled);
  const last = z.object({ rows: Ended }).parse(results.at(-1));
  if (last.rows[0].ended > 0) context.wakeOutbox();
}

/** TW004 is "the account is disabled": see the migrations. */
function refuseDisabled(error: unknown): never {
  if (databaseErrorOf(error)?.code !== "TW004") throw error;
  throw new AppError("account_disabled", { detail: "The shop has disabled this account. Ask the shop why." });
}
