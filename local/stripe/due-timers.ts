import { expireAuthorisation } from "./cancel-payment-intent.ts";
import { findCharge } from "./charges.ts";
import { inTransaction } from "./database.ts";
import { openDispute } from "./disputes.ts";
import { finishProcessing } from "./payment-attempts.ts";
import { findIntent } from "./payment-intents.ts";
import { failRefund, findRefund, settleRefund } from "./refunds.ts";
import { NO_CAUSE, type Simulation, type Work } from "./simulation.ts";
import type { Timer } from "./timers.ts";

/** Lets everything happen whose time has come, each in its own transaction. */
export function runDueTimers(simulation: Simulation): void {
  const work: Work = { ...simulation, cause: NO_CAUSE };
  while (isTimerDue(simulation)) {
    inTransaction(simulation.database, () => {
      const timer = simulation.timers.takeDue(simulation.clock.nowSeconds());
      if (timer !== undefined) ring(work, timer);
    });
  }
}

function isTimerDue({ timers, clock }: Simulation): boolean {
  const dueAt = timers.nextDueAt();
  return dueAt !== undefined && dueAt <= clock.nowSeconds();
}

function ring(work: Work, { kind, objectId }: Timer): void {
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
