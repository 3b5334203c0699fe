import type { Id } from "#core/ids";
import { forgetFactors } from "#features/mfa/forget-factors";
import type { Context } from "#platform/context";
import { readMember } from "./members.ts";
import { requireCover } from "./require-cover.ts";
import { expectMember } from "./store.ts";

/**
 * Lets a member of the staff in again who has lost the authenticator app or every passkey, with the password and nothing
 * to do but to set up another. Ends what is signed in. Doing it again changes nothing.
 * @throws AppError forbidden, not_found.
 */
export function forgetFactorsOfMember(context: Context, id: Id<"user">): Promise<void> {
  return forgetFactors(context, id, async () => {
    const member = await readMember(context, id);
    requireCover(context, member.permissions);
    return { expected: expectMember(context, member) };
  });
}
