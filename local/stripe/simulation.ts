import type { Reply } from "../simulator/settle.ts";
import type { OpenSimulation } from "../simulator/simulation.ts";
import type { FormFields } from "./form-body.ts";
import type { StoredObjects } from "./stored-objects.ts";
import type { TimerKind } from "./due-timers.ts";

export type { Reply };

export type Simulation = OpenSimulation<StoredObjects, TimerKind>;

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

export function answer(body: object): Reply {
  return { status: 200, body };
}

export const NO_CAUSE: Cause = { id: null, idempotency_key: null };
