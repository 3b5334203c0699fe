import { AppError, type ErrorCode } from "#core/errors";
import type { CartCommandKey, CartReply } from "#durable-objects/cart/object";
import type { Id } from "#core/ids";
import { readVariants } from "#features/catalog/variants";
import type { Context } from "#platform/context";
import type { CartAccess } from "./cart-access.ts";
import { presentCart } from "./present-cart.ts";
import type { CartWire } from "./schema.ts";

export type ChangedCart = { cart: CartWire; replayed: boolean };

/**
 * Adds units of a variant. No stock is held: availability in the cart is advisory.
 * @throws AppError variant_unavailable, cart_full, idempotency_key_reused.
 */
export async function addToCart(
  context: Context,
  access: CartAccess,
  addition: { variantId: Id<"variant">; quantity: number; key: CartCommandKey },
): Promise<ChangedCart> {
  const { variantId, quantity, key } = addition;
  if (!(await readVariants(context, [variantId])).has(variantId))
    throw new AppError("variant_unavailable", { detail: "No variant with this id is sold here." });
  return answer(context, access, await context.objects.cart(access.cartId).add(variantId, quantity, key));
}

/**
 * Changes a line's quantity; zero removes the line.
 * @throws AppError not_found, cart_full, idempotency_key_reused.
 */
export async function changeLine(
  context: Context,
  access: CartAccess,
  change: { lineId: string; quantity: number; key: CartCommandKey },
): Promise<ChangedCart> {
  const { lineId, quantity, key } = change;
  return answer(
    context,
    access,
    await context.objects.cart(access.cartId).setQuantity(lineId, quantity, key),
  );
}

/** The cart as it is; one that nobody has filled yet is empty. */
export async function readCart(context: Context, access: CartAccess): Promise<CartWire> {
  return presentCart(context, access, await context.objects.cart(access.cartId).view());
}

const refusals: Record<Extract<CartReply, { ok: false }>["reason"], { code: ErrorCode; detail: string }> = {
  too_many_lines: { code: "cart_full", detail: "A cart holds 100 lines at most." },
  quantity_too_large: { code: "cart_full", detail: "A line holds 999 units at most." },
  unknown_line: { code: "not_found", detail: "The cart has no such line; GET /cart lists them." },
  key_reused: {
    code: "idempotency_key_reused",
    detail: "This Idempotency-Key came earlier with another body.",
  },
};

async function answer(context: Context, access: CartAccess, reply: CartReply): Promise<ChangedCart> {
  if (reply.ok) return { cart: await presentCart(context, access, reply.cart), replayed: reply.replayed };
  const { code, detail } = refusals[reply.reason];
  throw new AppError(code, { detail });
}
