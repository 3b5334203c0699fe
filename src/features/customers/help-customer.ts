import type { Id } from "#core/ids";
import { disableAccount, enableAccount } from "#features/auth/disable-account";
import { endAllSessionsOf } from "#features/auth/end-sessions";
import { mailPasswordReset } from "#features/auth/forgot-password";
import { forgetFactors } from "#features/mfa/forget-factors";
import type { Context } from "#platform/context";
import { readCustomer, requireCustomer } from "./directory.ts";
import type { CustomerWire } from "./directory-schema.ts";
import { expectCustomer } from "./directory-store.ts";

/**
 * Signs a customer out everywhere, as when a device was stolen.
 * @throws AppError not_found.
 */
export async function signCustomerOut(context: Context, id: Id<"user">): Promise<void> {
  await requireCustomer(context, id);
  await endAllSessionsOf(context, id);
}

/**
 * Lets a customer in by password or provider again who has lost the authenticator app or every passkey; who asks has been
 * found to be the owner. Ends what is signed in. Doing it again changes nothing.
 * @throws AppError not_found, for the staff's own accounts too.
 */
export function forgetFactorsOfCustomer(context: Context, id: Id<"user">): Promise<void> {
  return forgetFactors(context, id, async () => {
    await requireCustomer(context, id);
    return { expected: expectCustomer(context, id) };
  });
}

/**
 * Mails the customer the way to a new password; whoever asks for it never sees it.
 * @throws AppError not_found, rate_limited.
 */
export async function resetPasswordOfCustomer(context: Context, id: Id<"user">): Promise<void> {
  const { email } = await requireCustomer(context, id);
  await mailPasswordReset(context, { userId: id, email });
}

/**
 * Signs a customer out everywhere and lets nobody sign in to the account. Doing it again changes nothing.
 * @throws AppError not_found.
 */
export async function disableCustomer(context: Context, id: Id<"user">): Promise<CustomerWire> {
  await requireCustomer(context, id);
  await disableAccount(context, id);
  return readCustomer(context, id);
}

/** @throws AppError not_found. */
export async function enableCustomer(context: Context, id: Id<"user">): Promise<CustomerWire> {
  await requireCustomer(context, id);
  await enableAccount(context, id);
  return readCustomer(context, id);
}
