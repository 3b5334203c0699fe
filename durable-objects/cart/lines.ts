import type { Id } from "#core/ids";

/** One variant in a cart and how many of it. */
export type CartLine = {
  readonly id: Id<"cartLine">;
  readonly variantId: Id<"variant">;
  readonly quantity: number;
};

export const cartLimits = {
  linesMax: 100,
  quantityMax: 999,
  /** A cart that nobody touches for so long is forgotten. */
  idleMs: 30 * 24 * 60 * 60 * 1000,
  /** Checkouts remembered; the oldest are forgotten first. */
  checkoutsMax: 20,
} as const;

export type LinesRefusal = "too_many_lines" | "quantity_too_large" | "unknown_line";
export type LinesChange = { ok: true; lines: readonly CartLine[] } | { ok: false; reason: LinesRefusal };

/** Adds units of a variant: to its line when there is one, else as a new last line. */
export function addUnits(lines: readonly CartLine[], added: CartLine): LinesChange {
  const existing = lines.find((line) => line.variantId === added.variantId);
  if (existing) return setQuantity(lines, existing.id, existing.quantity + added.quantity);
  if (lines.length >= cartLimits.linesMax) return { ok: false, reason: "too_many_lines" };
  if (added.quantity > cartLimits.quantityMax) return { ok: false, reason: "quantity_too_large" };
  return { ok: true, lines: [...lines, added] };
}

/** Changes a line's quantity; zero removes the line. */
export function setQuantity(lines: readonly CartLine[], lineId: string, quantity: number): LinesChange {
  if (!lines.some((line) => line.id === lineId)) return { ok: false, reason: "unknown_line" };
  if (quantity > cartLimits.quantityMax) return { ok: false, reason: "quantity_too_large" };
  if (quantity === 0) return { ok: true, lines: lines.filter((line) => line.id !== lineId) };
  return { ok: true, lines: lines.map((line) => (line.id === lineId ? { ...line, quantity } : line)) };
}

/** Takes away what was ordered; units that were added since then stay. */
export function withoutOrdered(
  lines: readonly CartLine[],
  ordered: readonly CartLine[],
): readonly CartLine[] {
  return lines.flatMap((line) => {
    const taken = ordered.find((each) => each.variantId === line.variantId)?.quantity ?? 0;
    return line.quantity > taken ? [{ ...line, quantity: line.quantity - taken }] : [];
  });
}
