import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "./clock.ts";
import type { DeliveryTable } from "./delivery-table.ts";
import type { FaultSettings } from "./faults.ts";
import type { FormFields } from "./form-body.ts";
import type { ObjectStore } from "./object-store.ts";
import type { TimerTable } from "./timers.ts";

export type Simulation = {
  database: DatabaseSync;
  store: ObjectStore;
  timers: TimerTable;
  deliveries: DeliveryTable;
  faults: FaultSettings;
  clock: Clock;
};

/** What an event names as its origin; both are null when time alone brought it about. */
export type Cause = { id: string | null; idempotency_key: string | null };

/** One piece of work: it happens inside one transaction and never waits. */
export type Work = Simulation & { cause: Cause };

/** A publishable key is the buyer's: it reaches only what its `client_secret` opens. */
export type Access = "secret" | "publishable";

export type Call = {
  access: Access;
  fields: FormFields;
  /** Where the buyer's browser reaches this simulator. */
  origin: string;
};

export type Reply = { status: number; body: object };

export function answer(body: object): Reply {
  return { status: 200, body };
}

export const NO_CAUSE: Cause = { id: null, idempotency_key: null };
