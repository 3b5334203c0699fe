import { originOf } from "./message-store.ts";

export const DELIVERIES_IN_FLIGHT_MAX = 128;
/** Half of all: a destination that never answers leaves the other half to the rest. */
export const DELIVERIES_PER_ORIGIN_MAX = 64;

export type DeliverySlots = ReturnType<typeof countSlots>;

/** The slots left beside the deliveries that are under way. */
export function countSlots(underWay: Iterable<{ url: string }>) {
  const takenByOrigin = new Map<string, number>();
  let taken = 0;

  const takenAt = (origin: string) => takenByOrigin.get(origin) ?? 0;
  const slots = {
    free: () => DELIVERIES_IN_FLIGHT_MAX - taken,
    fullOrigins: () =>
      [...takenByOrigin].filter(([, count]) => count >= DELIVERIES_PER_ORIGIN_MAX).map(([origin]) => origin),
    hasRoomFor: (message: { url: string }) =>
      taken < DELIVERIES_IN_FLIGHT_MAX && takenAt(originOf(message)) < DELIVERIES_PER_ORIGIN_MAX,
    take(message: { url: string }): void {
      const origin = originOf(message);
      takenByOrigin.set(origin, takenAt(origin) + 1);
      taken++;
    },
  };
  for (const message of underWay) slots.take(message);
  return slots;
}
