import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { seededRandom } from "../seeded-random.ts";

const DELAY_MS_MAX = 60_000;
const REORDER_WINDOW_MS = 250;
const Rate = z.number().min(0).max(1);

/** What may go wrong on purpose. Whatever is left out of a setting is off. */
export const FaultSettings = z.strictObject({
  /** Share of deliveries that are made twice. */
  duplicate_rate: Rate.default(0),
  /** Share of deliveries whose answer is lost on its way back: the destination acted, and is asked again later. */
  drop_ack_rate: Rate.default(0),
  /** Holds each message back for a random moment, so that later ones overtake it. Named queues stay in order. */
  reorder: z.boolean().default(false),
  /** Holds every delivery back. */
  delay_ms: z.number().min(0).max(DELAY_MS_MAX).default(0),
  /** Starts no delivery. */
  paused: z.boolean().default(false),
  /** The same seed draws the same faults. */
  seed: z.int().default(1),
});
export type FaultSettings = z.infer<typeof FaultSettings>;

export type Faults = ReturnType<typeof createFaults>;

export function createFaults() {
  let settings = FaultSettings.parse({});
  let random = seededRandom(settings.seed);

  return {
    settings: () => settings,
    set(next: FaultSettings): void {
      settings = next;
      random = seededRandom(next.seed);
    },
    async holdBack(message: { queueName: string | undefined }, signal: AbortSignal): Promise<void> {
      const overtaken = settings.reorder && message.queueName === undefined;
      const holdMs = settings.delay_ms + (overtaken ? random() * REORDER_WINDOW_MS : 0);
      if (holdMs > 0) await sleep(holdMs, undefined, { signal });
    },
    duplicates: () => random() < settings.duplicate_rate,
    dropsAcknowledgement: () => random() < settings.drop_ack_rate,
  };
}
