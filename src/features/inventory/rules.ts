/** At this many units or fewer a SKU is low, unless staff have set another threshold for it. */
export const lowAtUsually = 5;

/** What a buyer is told of a SKU: what the figures say now. Staff's alerts have a memory, so that they do not flap. */
export function availabilityStatus(available: number, lowAt: number): "in_stock" | "low" | "out" {
  if (available <= 0) return "out";
  return available <= lowAt ? "low" : "in_stock";
}
