import { ringDueTimers } from "../simulator/due-timers.ts";
import type { Timer } from "../simulator/timers.ts";
import { expireAuthorization, findAuthorization } from "./authorizations.ts";
import { findCapture, finishReview } from "./captures.ts";
import { openDispute } from "./disputes.ts";
import { findOrder, forgetOrder } from "./orders.ts";
import type { Simulation } from "./simulation.ts";

/** What the passing of time alone brings about. */
export const TIMER_KINDS = ["forget_order", "expire_authorization", "finish_review", "open_dispute"] as const;
export type TimerKind = (typeof TIMER_KINDS)[number];

export function runDueTimers(simulation: Simulation): void {
  ringDueTimers(simulation, (timer) => ring(simulation, timer));
}

function ring(simulation: Simulation, { kind, objectId }: Timer<TimerKind>): void {
  switch (kind) {
    case "forget_order":
      return forgetOrder(simulation, findOrder(simulation, objectId));
    case "expire_authorization":
      return expireAuthorization(simulation, findAuthorization(simulation, objectId));
    case "finish_review":
      return finishReview(simulation, findCapture(simulation, objectId));
    case "open_dispute":
      return openDispute(simulation, findCapture(simulation, objectId));
  }
}
