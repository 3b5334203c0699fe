import { AppError } from "#core/errors";
import { type Id, idSchema } from "#core/ids";
import type { RecordedEvent } from "#events/catalogue";
import { insertEvents } from "#events/record";
import { type Account, deleteAccount, findAccount } from "#features/auth/account";
import { signedInUser } from "#features/auth/signed-in-user";
import { cartIdOfUser } from "#features/cart/cart-access";
import type { Context } from "#platform/context";
import { otherOrderHomes } from "#platform/order-homes";
import { eraseOrders } from "./erase-orders.ts";
import type { ErasureWire } from "./schema.ts";

const UserId = idSchema("user");

/**
 * Deletes the signed-in customer's account with all that belongs to it, and strips its orders of everything personal.
 * @throws AppError orders_in_progress while an order is not finished; forbidden for staff.
 */
export async function eraseOwnAccount(context: Context): Promise<ErasureWire> {
  const { userId } = signedInUser(context);
  const user = await findAccount(context, userId);
  // Somebody was faster: another device, or this very request before its answer was lost.
  if (user === undefined) return { orders: 0 };
  if (user.role !== "customer")
    throw new AppError("forbidden", {
      detail: "An account of the staff is dismissed first, by an admin: PATCH /admin/staff.",
    });
  return eraseAccount(context, user);
}

/**
 * The same for a customer who asks the staff for it.
 * @throws AppError not_found, orders_in_progress.
 */
export async function eraseCustomer(context: Context, userId: Id<"user">): Promise<ErasureWire> {
  const user = await findAccount(context, userId);
  if (user?.role !== "customer")
    throw new AppError("not_found", { detail: "No customer has this id; see GET /admin/customers." });
  return eraseAccount(context, user);
}

async function eraseAccount(context: Context, { id: userId, verifiedEmail }: Account): Promise<ErasureWire> {
  const orders = await eraseOrders(context, { userId, guestEmail: verifiedEmail }, [
    // Sessions, identities, second factors, addresses, reviews and consents go with the account: their keys cascade.
    deleteAccount(context, userId),
    insertEvents(context, [{ type: "user.erased", subject: userId, data: { user_id: userId } }]),
  ]);
  context.wakeOutbox();
  return { orders };
}

/**
 * The same for somebody who ordered as a guest.
 * @throws AppError not_found when no guest ordered under this address; orders_in_progress.
 */
export async function eraseGuest(context: Context, email: string): Promise<ErasureWire> {
  const orders = await eraseOrders(context, { guestEmail: email }, []);
  if (orders === 0)
    throw new AppError("not_found", {
      detail: "No guest ordered under this address. The owner of an account erases it: DELETE /customers/me.",
    });
  return { orders };
}

/** Empties what a deleted account left outside the database. */
export async function forgetErasedUser(context: Context, event: RecordedEvent<"user.erased">): Promise<void> {
  const userId = UserId.parse(event.data.user_id);
  await context.objects.cart(cartIdOfUser(userId)).forget();
  // Where orders live apart from the accounts, one may have been on its way while the account went.
  if (otherOrderHomes(context).length > 0) await eraseOrders(context, { userId }, []);
}
