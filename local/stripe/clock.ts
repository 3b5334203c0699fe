import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { readSetting, writeSetting } from "./settings.ts";

/** Real time plus however far the person or test has advanced it. */
export type Clock = {
  nowMs: () => number;
  /** Unix seconds, as everywhere in Stripe's objects. */
  nowSeconds: () => number;
};

const AHEAD_SETTING = "clock_ahead_ms";

export function createClock(database: DatabaseSync): Clock {
  const nowMs = () => Date.now() + aheadMs(database);
  return { nowMs, nowSeconds: () => Math.floor(nowMs() / 1000) };
}

export function advanceClock(database: DatabaseSync, seconds: number): void {
  writeSetting(database, AHEAD_SETTING, aheadMs(database) + seconds * 1000);
}

function aheadMs(database: DatabaseSync): number {
  return readSetting(database, AHEAD_SETTING, z.number()) ?? 0;
}
