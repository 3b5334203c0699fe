import { ringDueTimers } from "../simulator/due-timers.ts";
import type { Timer } from "../simulator/timers.ts";
import { expireAuthorisation } from "./cancel-payment-intent.ts";
import { findCharge } from "./charges.ts";
import { openDispute } from "./disputes.ts";
import { finishProcessing } from "./payment-attempts.ts";
import { findIntent } from "./payment-intents.ts";
import { failRefund, findRefund, settleRefund } from "./refunds.ts";
import { NO_CAUSE, type Simulation, type Work } from "./simulation.ts";

/** What the passing of time alone brings about. */
export const TIMER_KINDS = [
  "expire_authorisation",
  "finish_processing",
  "open_dispute",
  "settle_refund",
  "fail_refund",
] as const;
export type TimerKind = (typeof TIMER_KINDS)[number];

export function runDueTimers(simulation: Simulation): void {
  const work: Work = { ...simulation, cause: NO_CAUSE };
  ringDueTimers(simulation, (timer) => ring(work, timer));
}

function ring(work: Work, { kind, objectId }: Timer<TimerKind>): void {
  switch (kind) {
    case "expire_authorisation":
      return expireAuthorisation(work, findIntent(work, objectId));
    case "finish_processing":
      return finishProcessing(work, findIntent(work, objectId));
    case "open_dispute":
      return openDispute(work, findCharge(work, objectId, "charge"));
    case "settle_refund":
      return settleRefund(work, findRefund(work, objectId));
    case "fail_refund":
      return failRefund(work, findRefund(work, objectId));
  }
}
