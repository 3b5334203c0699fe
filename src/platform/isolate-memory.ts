import type { EpochMs } from "#core/time";

/**
 * Values that this isolate remembers for a moment. Isolates come and go and know nothing of each other, so the life
 * of an entry is the longest time for which another isolate's change stays unseen.
 */
export type IsolateMemory<Value> = {
  get: (key: string, now: EpochMs) => Value | undefined;
  /** The value also for a while after its life: for when nobody can tell the present one. */
  getOld: (key: string, now: EpochMs) => Value | undefined;
  set: (key: string, value: Value, now: EpochMs) => void;
  delete: (key: string) => void;
  /** Ends the life of an entry, or of all. */
  expire: (key?: string) => void;
};

type Limits = {
  /** The entry that was set longest ago makes room. */
  entriesMax: number;
  /** How long an entry is believed. */
  lifeMs: number;
  /** How long after that it is still better than nothing. */
  oldMs?: number;
};

type Entry<Value> = { readonly value: Value; readonly setAt: EpochMs; isExpired: boolean };

export function createIsolateMemory<Value>({ entriesMax, lifeMs, oldMs = 0 }: Limits): IsolateMemory<Value> {
  const entries = new Map<string, Entry<Value>>();
  const entryOf = (key: string, now: EpochMs): Entry<Value> | undefined => {
    const entry = entries.get(key);
    if (entry === undefined || now - entry.setAt < lifeMs + oldMs) return entry;
    entries.delete(key);
    return undefined;
  };
  return {
    get: (key, now) => {
      const entry = entryOf(key, now);
      const isBelieved = entry !== undefined && !entry.isExpired && now - entry.setAt < lifeMs;
      return isBelieved ? entry.value : undefined;
    },
    getOld: (key, now) => entryOf(key, now)?.value,
    set: (key, value, now) => {
      entries.delete(key);
      entries.set(key, { value, setAt: now, isExpired: false });
      if (entries.size <= entriesMax) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
    delete: (key) => void entries.delete(key),
    expire: (key) => {
      const ended = key === undefined ? entries.values() : [entries.get(key)];
      for (const entry of ended) if (entry !== undefined) entry.isExpired = true;
    },
  };
}
