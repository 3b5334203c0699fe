import { drainOutboxOf, forgetDelivered } from "#events/outbox";
import { expireOverdueOrders } from "#features/orders/end-order";
import { sweepPayments } from "#features/payments/sweep-payments";
import { type Context, createContext } from "#platform/context";
import { errorFields } from "#platform/log";
import type { Bindings } from "#platform/env";
import { tendIndex } from "#search-sync/tend-index";
import { createApp } from "./app.ts";
import { handlersFor } from "./consumers.ts";

export { CartObject } from "#durable-objects/cart/object";
export { InventoryObject } from "#durable-objects/inventory/object";
export { RoomObject } from "#durable-objects/rooms/room";

/**
 * Rows of a transaction that overlapped another are not yet visible to the drain right after their commit, hence a
 * second look when the first found nothing.
 */
const secondLookMs = 150;

/**
 * Drains at once in one isolate. More would only wait for each other's rows; a wake-up beyond them makes one of the
 * running drains look again when it is done.
 */
const drainsMax = 4;

/** A drain that was cut off with its request is forgotten after this time. */
const drainMsMax = 30_000;

const runningDrains = new Set<{ startedAt: number }>();
let wakeUpWaits = false;

async function drainOutbox(context: Context): Promise<void> {
  for (const drain of runningDrains)
    if (drain.startedAt + drainMsMax < context.now()) runningDrains.delete(drain);
  if (runningDrains.size >= drainsMax) {
    wakeUpWaits = true;
    return;
  }
  const drain = { startedAt: context.now() };
  runningDrains.add(drain);
  try {
    do {
      wakeUpWaits = false;
      await drainTwice(context);
    } while (wakeUpWaits);
  } finally {
    runningDrains.delete(drain);
  }
}

async function drainTwice(context: Context): Promise<void> {
  const handlers = handlersFor(context);
  if ((await drainOutboxOf(context, handlers)) > 0) return;
  await new Promise((resolve) => setTimeout(resolve, secondLookMs));
  await drainOutboxOf(context, handlers);
}

const app = createApp(drainOutbox);

/** Finishes what a crash or a lost message left anywhere; runs every minute. */
async function sweep(context: Context): Promise<void> {
  const sweeps = [
    () => drainOutboxOf(context, handlersFor(context)),
    () => sweepPayments(context),
    () => expireOverdueOrders(context),
    () => forgetDelivered(context),
    () => tendIndex(context),
  ];
  const outcomes = await Promise.allSettled(sweeps.map((run) => run()));
  for (const outcome of outcomes) {
    if (outcome.status === "fulfilled") continue;
    context.log("error", "a sweep failed", errorFields(outcome.reason));
    context.reportError(outcome.reason, { job: "sweep" });
  }
}

export default {
  fetch: (request, bindings, executionContext) => app.fetch(request, bindings, executionContext),
  scheduled: async (_controller, bindings, executionContext) => {
    const principal = { kind: "system" } as const;
    await sweep(createContext({ bindings, executionContext, drainOutbox, principal }));
  },
} satisfies ExportedHandler<Bindings>;
