/** What a buyer is told of a SKU: what the figures say now. Staff's alerts have a memory, so that they do not flap. */
export function availabilityStatus(available: number, lowAt: number): "in_stock" | "low" | "out" {
  if (available <= 0) return "out";
  return available <= lowAt ? "low" : "in_stock";
}
