import { AppError } from "#core/errors";
import { type Id, idSchema } from "#core/ids";
import type { RecordedEvent } from "#events/catalogue";
import { findAccount } from "#features/auth/account";
import { claimOrders } from "#features/orders/claim-orders";
import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import { cartIdOfUser, openCartToken } from "./cart-access.ts";
import { readCart } from "./change-cart.ts";
import type { CartWire } from "./schema.ts";

const UserId = idSchema("user");

export type Adopter = {
  readonly id: Id<"user">;
  /** Only a proven address counts: the orders of guests who gave it become visible to the account. */
  readonly verifiedEmail: string | undefined;
};

/**
 * Gives what a guest left to the account that the guest signed in to: the lines of the cart and the orders placed from
 * it, and the orders placed under the account's proven address. Safe to repeat, and any number of times at once.
 * @throws AppError invalid_token when the token was not issued here.
 */
export async function adoptGuest(
  context: Context,
  user: Adopter,
  cartToken: string | undefined,
): Promise<void> {
  const cartId = cartToken === undefined ? undefined : await openCartToken(context, cartToken);
  if (cartId === undefined && user.verifiedEmail === undefined) return;
  await claimOrders(context, user.id, { cartId, verifiedEmail: user.verifiedEmail });
  if (cartId !== undefined) await context.objects.cart(cartId).handOver(cartIdOfUser(user.id));
}

/**
 * Takes over what the token is the key to, and shows the account's cart.
 * @throws AppError unauthenticated, invalid_token.
 */
export async function mergeGuestCart(context: Context, cartToken: string | undefined): Promise<CartWire> {
  const { principal } = context;
  if (principal.kind !== "user")
    throw new AppError("unauthenticated", { detail: "Sign in to the account that gets the cart." });
  await adoptGuest(context, { id: principal.userId, verifiedEmail: undefined }, cartToken);
  return readCart(context, { cartId: cartIdOfUser(principal.userId), token: undefined });
}

/** Gives the orders that were placed under an address to its account, once the address is proven. */
export async function claimProvenOrders(
  context: Context,
  event: RecordedEvent<"user.email_verified">,
): Promise<void> {
  const user = await findAccount(context, UserId.parse(event.data.user_id));
  if (user?.verifiedEmail !== undefined) await adoptGuest(context, user, undefined);
}

/** The same at a sign-in, which neither a stale token nor an unreachable cart may prevent: `POST /cart/merge` repeats it. */
export async function adoptGuestAtSignIn(context: Context, user: Adopter): Promise<void> {
  await adoptGuest(context, user, context.cartToken).catch((error: unknown) =>
    context.log("warn", "a guest's cart was not taken over", { user_id: user.id, ...errorFields(error) }),
  );
}
