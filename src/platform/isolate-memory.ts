import type { EpochMs } from "#core/time";

/**
 * Values that this isolate remembers for a moment. Isolates come and go and know nothing of each other, so the life
 * of an entry is the longest time for which another isolate's change stays unseen.
 */
export type IsolateMemory<Value> = {
  get: (key: string, now: EpochMs) => Value | undefined;
  set: (key: string, value: Value, now: EpochMs) => void;
  delete: (key: string) => void;
  clear: () => void;
};

/** @param limits entriesMax: the entry that was set longest ago makes room; lifeMs: how long one is believed. */
export function createIsolateMemory<Value>(limits: {
  entriesMax: number;
  lifeMs: number;
}): IsolateMemory<Value> {
  const entries = new Map<string, { value: Value; expiresAt: number }>();
  return {
    get: (key, now) => {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (entry.expiresAt > now) return entry.value;
      entries.delete(key);
      return undefined;
    },
    set: (key, value, now) => {
      entries.delete(key);
      entries.set(key, { value, expiresAt: now + limits.lifeMs });
      if (entries.size <= limits.entriesMax) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
    delete: (key) => void entries.delete(key),
    clear: () => entries.clear(),
  };
}
