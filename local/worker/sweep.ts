import { setTimeout as sleep } from "node:timers/promises";
import type { Miniflare } from "miniflare";

type Sweep = { miniflare: Miniflare; intervalMs: number; log: (line: string) => void };

/** Runs the Worker's scheduled handler at once and then again and again, never twice at the same time. */
export function repeatSweep({ miniflare, intervalMs, log }: Sweep): { stop: () => Promise<void> } {
  const stopping = new AbortController();
  const pause = async (): Promise<void> => {
    await sleep(intervalMs, undefined, { signal: stopping.signal }).catch(() => undefined);
  };
  const repeat = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await runScheduledHandler(miniflare).catch((fault: unknown) => {
        if (!stopping.signal.aborted) log(`the scheduled handler failed: ${String(fault)}`);
      });
      await pause();
    }
  };
  const repeating = repeat();
  return {
    stop: async () => {
      stopping.abort();
      await repeating;
    },
  };
}

async function runScheduledHandler(miniflare: Miniflare): Promise<void> {
  const worker = await miniflare.getWorker();
  const { outcome } = await worker.scheduled({ cron: "* * * * *" });
  if (outcome !== "ok") throw new Error(`its outcome was ${outcome}`);
}
