/** At this many units or fewer, stock is said to be low. */
const lowAtMost = 5;

export function availabilityStatus(available: number): "in_stock" | "low" | "out" {
  if (available <= 0) return "out";
  return available <= lowAtMost ? "low" : "in_stock";
}
