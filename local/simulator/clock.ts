import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { readSetting, writeSetting } from "./settings.ts";

/** Real time plus however far the person or test has advanced it. */
export type Clock = {
  nowMs: () => number;
  /** Whole Unix seconds, in which timers count. */
  nowSeconds: () => number;
  advance: (seconds: number) => void;
  /** Back to the real time. */
  reset: () => void;
};

const AHEAD_SETTING = "clock_ahead_ms";

export function createClock(database: DatabaseSync): Clock {
  let aheadMs = readSetting(database, AHEAD_SETTING, z.number()) ?? 0;
  const nowMs = () => Date.now() + aheadMs;
  const keep = (changedMs: number) => {
    aheadMs = changedMs;
    writeSetting(database, AHEAD_SETTING, aheadMs);
  };
  return {
    nowMs,
    nowSeconds: () => Math.floor(nowMs() / 1000),
    advance: (seconds) => keep(aheadMs + seconds * 1000),
    reset: () => keep(0),
  };
}
