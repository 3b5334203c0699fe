import type { Clock } from "./clock.ts";
import type { Faults } from "./faults.ts";
import type { Store } from "./store.ts";

/** What the parts of the queue share; built once by `startQueue`. */
export type QueueContext = {
  store: Store;
  clock: Clock;
  faults: Faults;
  /** Every wait before a retry is multiplied by this. */
  retryDelayScale: number;
  log: (line: string) => void;
};
