import { originOf } from "./message-store.ts";

export const DELIVERIES_IN_FLIGHT_MAX = 128;
/** Half of all: a destination that never answers leaves the other half to the rest. */
export const DELIVERIES_PER_ORIGIN_MAX = 64;

export type DeliverySlots = ReturnType<typeof countSlots>;

/** The slots left beside the deliveries that are under way, given their number by origin. */
export function countSlots(underWay: ReadonlyMap<string, number>) {
  const takenByOrigin = new Map(underWay);
  let taken = [...takenByOrigin.values()].reduce((sum, count) => sum + count, 0);

  const takenAt = (origin: string) => takenByOrigin.get(origin) ?? 0;
  return {
    free: () => Math.max(0, DELIVERIES_IN_FLIGHT_MAX - taken),
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
}
