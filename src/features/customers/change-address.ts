import { AppError } from "#core/errors";
import { requireAccount } from "#features/auth/require-account";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { presentAddress, requireAddress } from "./address-book.ts";
import type { CustomerAddress, CustomerAddressPatch } from "./schema.ts";
import { type AddressKey, clearDefaults, deleteAddress, lockAddressBook, updateAddress } from "./store.ts";

type Change = { id: AddressKey["id"]; expectedVersion: number };

/** @throws AppError not_found, version_mismatch. */
export async function changeAddress(
  context: Context,
  { id, expectedVersion, patch }: Change & { patch: CustomerAddressPatch },
): Promise<CustomerAddress> {
  const { id: userId } = await requireAccount(context);
  const key = { userId, id };
  const row = await requireAddress(context, key);
  if (row.version !== expectedVersion) throw changedSince();
  const changed = {
    version: expectedVersion,
    address: patch.address ?? row.address,
    defaultShipping: patch.default_shipping ?? row.defaultShipping,
    defaultBilling: patch.default_billing ?? row.defaultBilling,
  };
  const becomes = {
    shipping: changed.defaultShipping && !row.defaultShipping,
    billing: changed.defaultBilling && !row.defaultBilling,
  };
  try {
    await transact(context.databases.primary, [
      lockAddressBook(context, userId),
      // The address itself holds neither of these defaults yet, so this leaves its version alone.
      clearDefaults(context, userId, becomes),
      updateAddress(context, key, changed),
    ]);
  } catch (error) {
    if (lostRace(error)) throw changedSince();
    throw error;
  }
  return presentAddress(await requireAddress(context, key));
}

/** @throws AppError not_found, version_mismatch. */
export async function removeAddress(context: Context, { id, expectedVersion }: Change): Promise<void> {
  const { id: userId } = await requireAccount(context);
  if (await deleteAddress(context, { userId, id }, expectedVersion)) return;
  await requireAddress(context, { userId, id });
  throw changedSince();
}

function changedSince(): AppError {
  return new AppError("version_mismatch", { detail: "Read the address again and send its ETag." });
}
