import { AppError } from "#core/errors";
import { newId } from "#core/ids";
import { requireAccount } from "#features/auth/require-account";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { recordAnswer } from "#platform/idempotency";
import { presentAddress } from "./address-book.ts";
import { customerLimits } from "./rules.ts";
import type { CustomerAddress, NewCustomerAddress } from "./schema.ts";
import { clearDefaults, insertAddress, lockAddressBook } from "./store.ts";

/**
 * Adds an address; as a default it takes the place of the former one.
 * @throws AppError address_book_full.
 */
export async function addAddress(context: Context, input: NewCustomerAddress): Promise<CustomerAddress> {
  const { id: userId } = await requireAccount(context);
  const now = context.now();
  const at = new Date(now);
  const { default_shipping: defaultShipping = false, default_billing: defaultBilling = false } = input;
  const row = {
    id: newId("address", now),
    userId,
    address: input.address,
    defaultShipping,
    defaultBilling,
    version: 1,
    createdAt: at,
    updatedAt: at,
  };
  const answer = presentAddress(row);
  try {
    await transact(context.databases.primary, [
      lockAddressBook(context, userId),
      clearDefaults(context, userId, { shipping: defaultShipping, billing: defaultBilling }),
      insertAddress(context, row),
      ...recordAnswer(context, answer),
    ]);
  } catch (error) {
    if (!lostRace(error)) throw error;
    throw new AppError("address_book_full", {
      detail: `At most ${customerLimits.addressesMax} addresses are kept; delete one first.`,
    });
  }
  return answer;
}
