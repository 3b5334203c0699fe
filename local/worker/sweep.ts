import { setTimeout as sleep } from "node:timers/promises";

type Sweep = { runScheduledHandler: () => Promise<void>; intervalMs: number; log: (line: string) => void };

/**
 * Runs the Worker's scheduled handler at once and then again and again, never twice at the same time. Stopping does
 * not wait for the run under way: a sweep may be cut short anywhere, and the next one finishes what it left.
 */
export function repeatSweep({ runScheduledHandler, intervalMs, log }: Sweep): { stop: () => void } {
  const stopping = new AbortController();
  const pause = async (): Promise<void> => {
    await sleep(intervalMs, undefined, { signal: stopping.signal }).catch(() => undefined);
  };
  const repeat = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await runScheduledHandler().catch((fault: unknown) => {
        if (!stopping.signal.aborted) log(`the scheduled handler failed: ${String(fault)}`);
      });
      await pause();
    }
  };
  void repeat();
  return { stop: () => stopping.abort() };
}

/**
 * Runs it over HTTP, as one waits for a page. Miniflare's own call would stop this thread, which reads the log of
 * workerd, until workerd answers; under load workerd waits in turn for its log to be read, and both stand still for good.
 */
export async function runScheduledHandler(workerUrl: string): Promise<void> {
  const response = await fetch(
    `${workerUrl}/cdn-cgi/local/scheduled?cron=${encodeURIComponent("* * * * *")}`,
  );
  const outcome = await response.text();
  if (!response.ok) throw new Error(`its outcome was ${outcome} (${response.status})`);
}
