import type { Context } from "#platform/context";
import { signToken } from "#platform/signed-tokens";

/**
 * What a guest reads the order with; users need none. It follows from the order's id under a secret of ours, 256 bits that
 * nobody guesses, and is stored nowhere: a repeated request gets it again though secrets are never part of an answer that
 * is kept, and a copy of the database opens no order. The price is that one token cannot be revoked alone; it opens one
 * order and nothing else. All of them are, by changing the secret; see TOKEN_SECRET_FORMER.
 */
export async function guestTokenOf(context: Context, orderId: string): Promise<{ access_token?: string }> {
  if (context.principal.kind !== "guest") return {};
  return { access_token: await signToken(context.settings, "order", orderId) };
}
