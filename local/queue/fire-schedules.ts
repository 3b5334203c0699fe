import { nextCronTime, parseCron } from "./cron.ts";
import { publish } from "./publish.ts";
import type { QueueContext } from "./queue-context.ts";
import { Refusal } from "./refusal.ts";

/** Publishes one message for each due schedule, however many of its times have passed. Runs inside a transaction. */
export function fireDueSchedules(context: QueueContext): void {
  const { store, clock, log } = context;
  const now = clock.now();
  for (const schedule of store.schedules.due(now)) {
    store.schedules.save({ ...schedule, lastAt: now, nextAt: nextCronTime(parseCron(schedule.cron), now) });
    try {
      publish(context, { ...schedule, queueName: schedule.queueName });
    } catch (fault) {
      // A URL group may be deleted while schedules still name it: the schedule goes on, this firing is void.
      if (!(fault instanceof Refusal)) throw fault;
      log(`schedule ${schedule.scheduleId} published nothing: ${fault.message}`);
    }
  }
}
