import type { BatchItem } from "drizzle-orm/batch";
import { z } from "zod";
import { AppError } from "#core/errors";
import type { Id } from "#core/ids";
import type { Context } from "#platform/context";
import { databaseErrorOf, transact } from "#platform/database";
import { makeRoomForSession } from "./store.ts";

const Room = z.tuple([z.object({ ended: z.coerce.number() })]);

type Storing = {
  readonly userId: Id<"user">;
  /** The statement that stores the session. */
  readonly session: BatchItem<"pg">;
  /** What else changes in the account. It comes before the session, which only shares its hold of the account's row. */
  readonly beforehand?: readonly BatchItem<"pg">[];
};

/**
 * Stores a new session. The account's sessions that stand in the way of the limit end as if they were signed out, with
 * whatever they hold open.
 * @throws AppError account_disabled.
 */
export async function storeSession(
  context: Context,
  { userId, session, beforehand = [] }: Storing,
): Promise<void> {
  const [{ rows }] = await transact(context.databases.primary, [
    makeRoomForSession(context, userId),
    ...beforehand,
    session,
  ]).catch(refuseDisabled);
  const [{ ended }] = Room.parse(rows);
  if (ended > 0) context.wakeOutbox();
}

/** TW004 is "the account is disabled": see the migrations. */
function refuseDisabled(error: unknown): never {
  if (databaseErrorOf(error)?.code !== "TW004") throw error;
  throw new AppError("account_disabled", { detail: "The shop has disabled this account. Ask the shop why." });
}
