import type { Id } from "#core/ids";
import { type CartLine, cartLimits } from "./lines.ts";

/** Lines on their way from a guest's cart into the cart of the account that the guest signed in to. */
export type Handover = {
  readonly id: Id<"handover">;
  readonly to: Id<"cart">;
  readonly lines: readonly CartLine[];
};

/**
 * Puts lines of another cart among these. Of a variant that both have, the greater quantity stays: nothing is lost, and
 * what somebody chose on two devices is not bought twice. Lines beyond the limit are left over.
 */
export function mergeLines(
  lines: readonly CartLine[],
  arriving: readonly CartLine[],
): { lines: readonly CartLine[]; leftOver: readonly CartLine[] } {
  const merged = [...lines];
  const leftOver: CartLine[] = [];
  for (const line of arriving) {
    const index = merged.findIndex(({ variantId }) => variantId === line.variantId);
    const existing = merged[index];
    if (existing) merged[index] = { ...existing, quantity: Math.max(existing.quantity, line.quantity) };
    else if (merged.length < cartLimits.linesMax) merged.push(line);
    else leftOver.push(line);
  }
  return { lines: merged, leftOver };
}
