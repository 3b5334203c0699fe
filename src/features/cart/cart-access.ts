import { AppError } from "#core/errors";
import { type Id, idPrefixes, idSchema, newId } from "#core/ids";
import type { Context } from "#platform/context";
import { openToken, signToken } from "#platform/signed-tokens";

/** Which cart a request is about. A guest is known by the token alone. */
export type CartAccess = {
  readonly cartId: Id<"cart">;
  /** The guest's token; undefined for a user, whose cart follows from the account. */
  readonly token: string | undefined;
};

const CartId = idSchema("cart");

/**
 * The cart of the signed-in user, or of the guest who carries this token; undefined for a guest without one.
 * @throws AppError invalid_token when the token was not issued here.
 */
export async function findCart(context: Context, token: string | undefined): Promise<CartAccess | undefined> {
  const { principal } = context;
  if (principal.kind === "user") return { cartId: cartIdOfUser(principal.userId), token: undefined };
  if (token === undefined) return undefined;
  return { cartId: await openCartToken(context, token), token };
}

/**
 * The guest cart that this token is the key to.
 * @throws AppError invalid_token when the token was not issued here.
 */
export async function openCartToken(context: Context, token: string): Promise<Id<"cart">> {
  const cartId = CartId.safeParse(await openToken(context.settings, "cart", token));
  if (cartId.success) return cartId.data;
  throw new AppError("invalid_token", {
    detail: "This Cart-Token was not issued here; leave it out to begin anew.",
  });
}

/** The same, with a new guest cart where there is none. */
export async function findOrBeginCart(context: Context, token: string | undefined): Promise<CartAccess> {
  const found = await findCart(context, token);
  if (found) return found;
  const cartId = newId("cart", context.now());
  return { cartId, token: await signToken(context.settings, "cart", cartId) };
}

/** A user has one cart, whose id is the user's with another prefix. */
export function cartIdOfUser(userId: Id<"user">): Id<"cart"> {
  return CartId.parse(userId.replace(idPrefixes.user, idPrefixes.cart));
}
