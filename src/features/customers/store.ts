import { and, asc, eq, sql } from "drizzle-orm";
import type { Id } from "#core/ids";
import type { Context } from "#platform/context";
import { customerLimits } from "./rules.ts";
import { type CustomerAddressRow, customerAddresses } from "./tables.ts";

export type AddressKey = { userId: Id<"user">; id: Id<"address"> };

export function selectAddresses(context: Context, userId: Id<"user">): Promise<CustomerAddressRow[]> {
  return context.databases.primary
    .select()
    .from(customerAddresses)
    .where(eq(customerAddresses.userId, userId))
    .orderBy(asc(customerAddresses.id))
    .limit(customerLimits.addressesMax);
}

export async function findAddress(
  context: Context,
  { userId, id }: AddressKey,
): Promise<CustomerAddressRow | undefined> {
  const [row] = await context.databases.primary
    .select()
    .from(customerAddresses)
    .where(and(eq(customerAddresses.userId, userId), eq(customerAddresses.id, id)));
  return row;
}

/** Makes writers of one address book wait for each other; it comes first in their batches. */
export function lockAddressBook(context: Context, userId: Id<"user">) {
  return context.databases.primary.execute(sql`select 1 from users where id = ${userId} for no key update`);
}

/** Makes way for a new default of these kinds. */
export function clearDefaults(
  context: Context,
  userId: Id<"user">,
  kinds: { shipping: boolean; billing: boolean },
) {
  return context.databases.primary.execute(sql`
    update customer_addresses set version = version + 1, updated_at = now(),
      default_shipping = default_shipping and not ${kinds.shipping}::boolean,
      default_billing = default_billing and not ${kinds.billing}::boolean
    where user_id = ${userId}
      and ((default_shipping and ${kinds.shipping}::boolean) or (default_billing and ${kinds.billing}::boolean))`);
}

/** Its batch fails when the address book is full, so that the defaults stay as they were. */
export function insertAddress(context: Context, row: CustomerAddressRow) {
  return context.databases.primary.execute(sql`
    with added as (
      insert into customer_addresses (id, user_id, address, default_shipping, default_billing, created_at, updated_at)
      select ${row.id}, ${row.userId}, ${JSON.stringify(row.address)}::jsonb, ${row.defaultShipping}::boolean,
        ${row.defaultBilling}::boolean, ${row.createdAt.toISOString()}::timestamptz,
        ${row.updatedAt.toISOString()}::timestamptz
      where (select count(*) from customer_addresses where user_id = ${row.userId}) < ${customerLimits.addressesMax}::int
      returning 1)
    select expect_rows((select count(*) from added), 1)`);
}

/** Changes the address if it has this version; its batch fails when it has another. */
export function updateAddress(
  context: Context,
  key: AddressKey,
  row: Pick<CustomerAddressRow, "address" | "defaultShipping" | "defaultBilling" | "version">,
) {
  return context.databases.primary.execute(sql`
    with changed as (
      update customer_addresses set address = ${JSON.stringify(row.address)}::jsonb,
        default_shipping = ${row.defaultShipping}::boolean,
        default_billing = ${row.defaultBilling}::boolean,
        version = version + 1, updated_at = now()
      where id = ${key.id} and user_id = ${key.userId} and version = ${row.version} returning 1)
    select expect_rows((select count(*) from changed), 1)`);
}

export async function deleteAddress(
  context: Context,
  { userId, id }: AddressKey,
  version: number,
): Promise<boolean> {
  const deleted = await context.databases.primary
    .delete(customerAddresses)
    .where(
      and(
        eq(customerAddresses.userId, userId),
        eq(customerAddresses.id, id),
        eq(customerAddresses.version, version),
      ),
    )
    .returning({ id: customerAddresses.id });
  return deleted.length > 0;
}
