import type { Context } from "#platform/context";
import { signToken } from "#platform/signed-tokens";

/** What a guest reads the order with; users need none. It follows from the order's id, so a replay gives the same. */
export async function guestTokenOf(context: Context, orderId: string): Promise<{ access_token?: string }> {
  if (context.principal.kind !== "guest") return {};
  return { access_token: await signToken(context.settings, "order", orderId) };
}
