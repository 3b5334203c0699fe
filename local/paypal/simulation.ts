import type { Reply } from "../simulator/settle.ts";
import type { OpenSimulation } from "../simulator/simulation.ts";
import type { TimerKind } from "./due-timers.ts";
import type { StoredObjects } from "./resources.ts";

export type { Reply };

export type Simulation = OpenSimulation<StoredObjects, TimerKind>;

export type Call = {
  /** The JSON body; an empty object where none was sent. */
  body: unknown;
  query: URLSearchParams;
  headers: {
    requestId: string | undefined;
    /** `Prefer: return=representation`: the whole resource is wanted. */
    wantsRepresentation: boolean;
  };
  /** Where API and buyer reach this simulator. */
  origin: string;
};

export function answer(status: number, body: object): Reply {
  return { status, body };
}

/** The moment as PayPal writes it, to the second. */
export function timestamp(simulation: Pick<Simulation, "clock">, secondsAhead = 0): string {
  return isoSeconds(simulation.clock.nowSeconds() + secondsAhead);
}

export function isoSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
