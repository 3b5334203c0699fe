/** How a SKU stands towards its threshold; staff are told when it changes. */
export type StockLevel = "in_stock" | "low" | "out";

/** At this many available units or fewer a SKU is low, unless staff set another threshold. */
export const lowAtDefault = 5;

type Figures = { readonly available: number; readonly held: number; readonly lowAt: number };

/** Units beyond the threshold that a SKU must have before it counts as in stock again. */
export function riseMargin(lowAt: number): number {
  return Math.ceil(lowAt / 2);
}

/**
 * The rule against flapping: a level falls at once and rises late. A low SKU is in stock again only beyond the
 * threshold plus its margin. A SKU that was out has units again when two can be sold, or when one can and nothing is
 * held: a single unit that goes from one hold to the next is not news.
 */
export function levelAfter(level: StockLevel, figures: Figures): StockLevel {
  const { available, held, lowAt } = figures;
  const plain = plainLevel(figures);
  if (level === "out" && available < 2 && held > 0) return "out";
  if (level === "low" && plain === "in_stock" && available <= lowAt + riseMargin(lowAt)) return "low";
  return plain;
}

/** The level that the figures alone say; for thresholds that were set just now. */
export function plainLevel({ available, lowAt }: Pick<Figures, "available" | "lowAt">): StockLevel {
  if (available <= 0) return "out";
  return available <= lowAt ? "low" : "in_stock";
}

/** What a change of level tells the world. A low SKU that is in stock again was never unavailable: that is no news. */
export function newsOf(
  before: StockLevel,
  after: StockLevel,
): "stock.low" | "stock.out" | "stock.back" | undefined {
  if (before === after) return undefined;
  if (after === "out") return "stock.out";
  if (before === "out") return "stock.back";
  return after === "low" ? "stock.low" : undefined;
}
