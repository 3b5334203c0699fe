import type { BatchItem } from "drizzle-orm/batch";
import type { Id } from "#core/ids";
import { insertEvents } from "#events/record";
import { endEverySession } from "#features/auth/end-sessions";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { hasFactors, takeFactors } from "./store.ts";

const attemptsMax = 3;

type Permit = { readonly expected: BatchItem<"pg"> };

/**
 * Takes the authenticator app with its recovery codes, and the passkeys, from an account whose owner has lost them, ends
 * all its sessions and tells the owner. An account that has none is left as it is.
 * @param permit reads whether the caller may do this to the account; the statement raises once that is no longer so.
 */
export async function forgetFactors(
  context: Context,
  userId: Id<"user">,
  permit: () => Promise<Permit>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { expected } = await permit();
    if (!(await hasFactors(context, userId))) return;
    try {
      await transact(context.databases.primary, [
        expected,
        takeFactors(context, userId),
        ...endEverySession(context, userId),
        insertEvents(context, [
          {
            type: "user.sign_in_changed",
            subject: userId,
            data: { user_id: userId, change: "factors_forgotten" },
          },
        ]),
      ]);
      context.wakeOutbox();
      return;
    } catch (error) {
      if (!lostRace(error) || attempt === attemptsMax) throw error;
    }
  }
}
