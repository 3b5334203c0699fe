import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { MeilisearchError } from "./meilisearch-error.ts";

const FaultSettings = z.strictObject({
  /** Every answer waits this long. */
  delay_ms: z.number().min(0).max(600_000),
  /** So many requests are refused with 503, then all is well again. */
  fail_next: z.int().min(0),
  /** Share of requests refused with 503, 0 to 1. */
  fail_rate: z.number().min(0).max(1),
  /** Tasks are accepted but wait. */
  paused_tasks: z.boolean(),
});
type FaultSettings = z.infer<typeof FaultSettings>;

/** A search server that is slow, dead or behind, on demand. */
export function createFaults() {
  const current: FaultSettings = { delay_ms: 0, fail_next: 0, fail_rate: 0, paused_tasks: false };
  return {
    current,

    change(body: unknown): FaultSettings {
      const parsed = FaultSettings.partial().safeParse(body);
      if (!parsed.success) throw new MeilisearchError("bad_request", z.prettifyError(parsed.error));
      return Object.assign(current, parsed.data);
    },

    /** Waits, then throws `unavailable` if this request is one of those to fail. */
    async strike(): Promise<void> {
      const isNext = current.fail_next > 0;
      if (isNext) current.fail_next -= 1;
      if (current.delay_ms > 0) await sleep(current.delay_ms);
      if (isNext || Math.random() < current.fail_rate) {
        throw new MeilisearchError(
          "unavailable",
          "The search server is down, as asked for by the simulator.",
        );
      }
    },
  };
}
