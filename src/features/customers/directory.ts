import { AppError } from "#core/errors";
import type { Id } from "#core/ids";
import type { Page, PageRequest } from "#core/page";
import { summariseOrders } from "#features/orders/summarise-orders";
import type { Context } from "#platform/context";
import { readPage } from "#platform/cursor";
import { presentAddress } from "./address-book.ts";
import type { CustomerFilters, CustomerSummary, CustomerWire } from "./directory-schema.ts";
import { selectCustomer, selectCustomers } from "./directory-store.ts";
import { selectAddresses } from "./store.ts";

/**
 * A page of the shop's customers, the newest first. Its staff is another list.
 * @throws AppError invalid_cursor.
 */
export async function listCustomers(
  context: Context,
  filters: CustomerFilters,
  page: PageRequest,
): Promise<Page<CustomerSummary>> {
  const { email, email_verified: verified, disabled, created_from: from, created_before: before } = filters;
  return readPage<CustomerSummary>(context.settings, page, {
    name: `customers ${JSON.stringify([email, verified, disabled, from, before])}`,
    positionOf: ({ id }) => [id],
    read: (travel) => selectCustomers(context, filters, travel),
  });
}

/**
 * What whoever helps a customer needs to see.
 * @throws AppError not_found, for the staff's own accounts too.
 */
export async function readCustomer(context: Context, id: Id<"user">): Promise<CustomerWire> {
  const [customer, addresses, orders] = await Promise.all([
    requireCustomer(context, id),
    selectAddresses(context, id),
    summariseOrders(context, id),
  ]);
  return { ...customer, addresses: addresses.map(presentAddress), orders };
}

/** @throws AppError not_found. */
export async function requireCustomer(context: Context, id: Id<"user">) {
  const customer = await selectCustomer(context, id);
  if (customer === undefined)
    throw new AppError("not_found", {
      detail: "No customer has this id; GET /admin/customers finds them, GET /admin/staff the staff.",
    });
  return customer;
}
