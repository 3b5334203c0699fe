import { inTransaction } from "../sqlite-transaction.ts";
import type { OpenSimulation } from "./simulation.ts";
import type { Timer } from "./timers.ts";

/** Lets everything happen whose time has come, each in its own transaction. */
export function ringDueTimers<Objects, Kind extends string>(
  { database, timers, clock }: OpenSimulation<Objects, Kind>,
  ring: (timer: Timer<Kind>) => void,
): void {
  for (;;) {
    const dueAt = timers.nextDueAt();
    if (dueAt === undefined || dueAt > clock.nowSeconds()) return;
    inTransaction(database, () => {
      const timer = timers.takeDue(clock.nowSeconds());
      if (timer !== undefined) ring(timer);
    });
  }
}
