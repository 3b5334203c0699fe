import type { DeliverySlots } from "./delivery-slots.ts";
import { allowance, atTime } from "./flow-control-store.ts";
import { recordEvent } from "./history.ts";
import type { Message } from "./message.ts";
import type { QueueContext } from "./queue-context.ts";

/**
 * Marks what may start now as active and gives it back. Runs inside the caller's transaction. Named queues and flow
 * controls come first: their own limits keep them from taking every slot.
 */
export function claimDue(context: QueueContext, slots: DeliverySlots): Message[] {
  const claimed: Message[] = [];
  const claim = (message: Message) => {
    context.store.messages.activate(message.messageId);
    recordEvent(context, message, { state: "ACTIVE" });
    slots.take(message);
    claimed.push(message);
  };
  claimFromQueues(context, slots, claim);
  claimUnderFlowControl(context, slots, claim);
  claimUnqueued(context, slots, claim);
  return claimed;
}

type Claim = (message: Message) => void;

/** First in, first out: only a queue's oldest messages may start, and one that waits for its retry keeps its place. */
function claimFromQueues(context: QueueContext, slots: DeliverySlots, claim: Claim): void {
  const { store, clock } = context;
  const now = clock.now();
  for (const queue of store.queues.all()) {
    if (queue.paused) continue;
    for (const message of store.due.queueHeads(queue.name, queue.parallelism)) {
      if (message.state !== "pending" || message.dueAt > now || !slots.hasRoomFor(message)) continue;
      const { flowControl } = message.settings;
      if (flowControl && takeAllowance(context, { key: flowControl.key, wanted: 1 }) === 0) continue;
      claim(message);
    }
  }
}

function claimUnderFlowControl(context: QueueContext, slots: DeliverySlots, claim: Claim): void {
  const { store, clock } = context;
  const now = clock.now();
  for (const key of store.due.flowKeys(now)) {
    const due = store.due
      .inFlow(key, { now, limit: slots.free(), fullOrigins: slots.fullOrigins() })
      .filter((message) => slots.hasRoomFor(message));
    const granted = takeAllowance(context, { key, wanted: due.length });
    for (const message of due.slice(0, granted)) {
      if (slots.hasRoomFor(message)) claim(message);
    }
  }
}

function claimUnqueued({ store, clock }: QueueContext, slots: DeliverySlots, claim: Claim): void {
  const now = clock.now();
  while (slots.free() > 0) {
    const due = store.due.unqueued({ now, limit: slots.free(), fullOrigins: slots.fullOrigins() });
    if (due.length === 0) return;
    // The first always fits, because its origin is not full: so each turn makes progress.
    for (const message of due) {
      if (slots.hasRoomFor(message)) claim(message);
    }
  }
}

/** How many of the wanted messages may start under the key; they are counted against its rate at once. */
function takeAllowance({ store, clock }: QueueContext, wish: { key: string; wanted: number }): number {
  const known = store.flowControls.find(wish.key);
  if (!known || wish.wanted === 0) return wish.wanted;
  const control = atTime(known, clock.now());
  const granted = Math.min(wish.wanted, allowance(control, store.messages.countActiveInFlow(wish.key)));
  store.flowControls.save({ ...control, periodCount: control.periodCount + granted });
  return granted;
}
