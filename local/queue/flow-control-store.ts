import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { FlowControlWish } from "./message.ts";

const PERIOD_SECONDS_DEFAULT = 1;

/** A limit shared by all messages with the same key; 0 means no limit. Times are epoch seconds. */
export const FlowControl = z
  .object({
    key: z.string(),
    parallelism: z.number(),
    rate: z.number(),
    period_seconds: z.number(),
    period_started_at: z.number(),
    period_count: z.number(),
    paused: z.number(),
    pinned_parallelism: z.number(),
    pinned_rate: z.number(),
  })
  .transform((row) => ({
    key: row.key,
    parallelism: row.parallelism,
    rate: row.rate,
    periodSeconds: row.period_seconds,
    periodStartedAt: row.period_started_at,
    periodCount: row.period_count,
    paused: row.paused === 1,
    pinnedParallelism: row.pinned_parallelism === 1,
    pinnedRate: row.pinned_rate === 1,
  }));
export type FlowControl = z.infer<typeof FlowControl>;

export function createFlowControlStore(database: DatabaseSync) {
  const select = database.prepare("select * from flow_controls where key = ?");
  const selectAll = database.prepare("select * from flow_controls order by key");
  const save = database.prepare("insert or replace into flow_controls values (?, ?, ?, ?, ?, ?, ?, ?, ?)");

  function find(key: string): FlowControl | undefined {
    const row = select.get(key);
    return row && FlowControl.parse(row);
  }

  function store(control: FlowControl): void {
    save.run(
      control.key,
      control.parallelism,
      control.rate,
      control.periodSeconds,
      control.periodStartedAt,
      control.periodCount,
      control.paused ? 1 : 0,
      control.pinnedParallelism ? 1 : 0,
      control.pinnedRate ? 1 : 0,
    );
  }

  return {
    find,
    save: store,
    all: (): FlowControl[] => selectAll.all().map((row) => FlowControl.parse(row)),
    /** The newest message's wish holds for the key, save for what an operator pinned. */
    follow(wish: FlowControlWish): void {
      const control = find(wish.key) ?? freshControl(wish.key);
      store({
        ...control,
        ...(!control.pinnedParallelism && { parallelism: wish.parallelism ?? 0 }),
        ...(!control.pinnedRate && {
          rate: wish.rate ?? 0,
          periodSeconds: wish.periodSeconds ?? PERIOD_SECONDS_DEFAULT,
        }),
      });
    },
  };
}

function freshControl(key: string): FlowControl {
  return {
    key,
    parallelism: 0,
    rate: 0,
    periodSeconds: PERIOD_SECONDS_DEFAULT,
    periodStartedAt: 0,
    periodCount: 0,
    paused: false,
    pinnedParallelism: false,
    pinnedRate: false,
  };
}

/** The control as it stands now: an elapsed period begins anew with a count of zero. */
export function atTime(control: FlowControl, now: number): FlowControl {
  const second = Math.floor(now / 1000);
  if (second < control.periodStartedAt + control.periodSeconds) return control;
  return { ...control, periodStartedAt: second, periodCount: 0 };
}

/** How many more messages may start now, given how many are under way. */
export function allowance(control: FlowControl, active: number): number {
  if (control.paused) return 0;
  const byParallelism = control.parallelism > 0 ? control.parallelism - active : Number.POSITIVE_INFINITY;
  const byRate = control.rate > 0 ? control.rate - control.periodCount : Number.POSITIVE_INFINITY;
  return Math.max(0, Math.min(byParallelism, byRate));
}

/** Whether the rate of the running period is used up. */
export function isSpent(control: FlowControl): boolean {
  return control.rate > 0 && control.periodCount >= control.rate;
}
