import { AppError } from "#core/errors";
import { epochMs, toTimestamp } from "#core/time";
import { requireAccount } from "#features/auth/require-account";
import type { Context } from "#platform/context";
import type { CustomerAddress, CustomerAddressList } from "./schema.ts";
import { type AddressKey, findAddress, selectAddresses } from "./store.ts";
import type { CustomerAddressRow } from "./tables.ts";

/** The whole address book: it is never longer than its limit. */
export async function listAddresses(context: Context): Promise<CustomerAddressList> {
  const { id: userId } = await requireAccount(context);
  return { data: (await selectAddresses(context, userId)).map(presentAddress) };
}

/** @throws AppError not_found, for other people's too. */
export async function readAddress(context: Context, id: AddressKey["id"]): Promise<CustomerAddress> {
  const { id: userId } = await requireAccount(context);
  return presentAddress(await requireAddress(context, { userId, id }));
}

export async function requireAddress(context: Context, key: AddressKey): Promise<CustomerAddressRow> {
  const row = await findAddress(context, key);
  if (row === undefined)
    throw new AppError("not_found", { detail: "The address book has no address with this id." });
  return row;
}

export function presentAddress(row: CustomerAddressRow): CustomerAddress {
  return {
    id: row.id,
    address: row.address,
    default_shipping: row.defaultShipping,
    default_billing: row.defaultBilling,
    version: row.version,
    created_at: toTimestamp(epochMs(row.createdAt.getTime())),
    updated_at: toTimestamp(epochMs(row.updatedAt.getTime())),
  };
}
