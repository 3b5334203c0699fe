import { claimDue } from "./claim.ts";
import { deliver } from "./delivery.ts";
import { countSlots } from "./delivery-slots.ts";
import { fireDueSchedules } from "./fire-schedules.ts";
import { atTime, isSpent } from "./flow-control-store.ts";
import type { Message } from "./message.ts";
import type { QueueContext } from "./queue-context.ts";
import { settle } from "./settle.ts";

const STOP_GRACE_MS = 2000;
const AFTER_FAULT_MS = 1000;
/** A timer of Node holds 31 bits of milliseconds; a day is well below that, and one idle round a day costs nothing. */
const SLEEP_MS_MAX = 86_400_000;

type Round = { claimed: Message[]; wakeAt: number | undefined };

/**
 * Delivers what is due. It sleeps until the earliest due time and is woken by everything that can let a message
 * start sooner: a publish, an answer, a resumed queue.
 */
export function createDispatcher(context: QueueContext) {
  const { store, clock, faults, log } = context;
  const underWay = new Set<Promise<void>>();
  const stopping = new AbortController();
  let stopped = false;
  let roundPending = false;
  let timer: NodeJS.Timeout | undefined;

  function wake(): void {
    if (roundPending || stopped) return;
    roundPending = true;
    clearTimeout(timer);
    store.write(claimRound).then(startRound, (fault: unknown) => {
      roundPending = false;
      log(`The dispatcher could not claim messages: ${String(fault)}`);
      sleepFor(AFTER_FAULT_MS);
    });
  }

  function claimRound(): Round {
    roundPending = false;
    // Taken before the claims: what falls due while they are made is then still in the future, and wakes us again.
    const now = clock.now();
    fireDueSchedules(context);
    if (stopped || faults.settings().paused) return { claimed: [], wakeAt: store.schedules.nextAt() };
    const claimed = claimDue(context, countSlots(store.messages.activeByOrigin()));
    return { claimed, wakeAt: nextWakeAt(context, now) };
  }

  function startRound({ claimed, wakeAt }: Round): void {
    for (const message of claimed) {
      const done = attempt(message).finally(() => underWay.delete(done));
      underWay.add(done);
    }
    if (wakeAt !== undefined) sleepFor(wakeAt - clock.now());
  }

  async function attempt(message: Message): Promise<void> {
    try {
      const outcome = await deliver(context, message, stopping.signal);
      await store.write(() => {
        settle(context, message, outcome);
        // The claims that the free slot allows join this very transaction: one sync of the disk serves both.
        wake();
      });
    } catch (fault) {
      // The message stays active in the store, and the next start makes it pending again.
      if (!stopping.signal.aborted) log(`${message.messageId} could not be settled: ${String(fault)}`);
    }
  }

  function sleepFor(ms: number): void {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(wake, Math.min(SLEEP_MS_MAX, Math.max(0, ms)));
  }

  return {
    wake,
    /** Lets deliveries finish for a moment, then gives up the rest: they are made again at the next start. */
    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      const giveUp = setTimeout(() => stopping.abort(), STOP_GRACE_MS);
      await Promise.all(underWay);
      clearTimeout(giveUp);
    },
  };
}

/** The next moment at which time alone lets something start; undefined when only an outside event can. */
function nextWakeAt({ store }: QueueContext, now: number): number | undefined {
  const periodEnds = store.flowControls
    .all()
    .map((control) => atTime(control, now))
    .filter((control) => isSpent(control) && store.messages.countDueInFlow(control.key, now) > 0)
    .map((control) => (control.periodStartedAt + control.periodSeconds) * 1000);
  const times = [store.messages.nextDueAt(now), store.schedules.nextAt(), ...periodEnds];
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}
