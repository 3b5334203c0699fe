import { currentTime } from "#core/time";
import { drainOutboxOf, forgetDelivered } from "#events/outbox";
import { createPacers } from "#events/wake-up";
import { forgetMailTokens } from "#features/auth/mail-tokens";
import { changes } from "#features/catalog/changes";
import { isAnnounced } from "#features/catalog/epoch";
import { sweepInventory } from "#features/inventory/sweep-inventory";
import { expireOverdueOrders } from "#features/orders/end-order";
import { tendOrderMonths } from "#features/orders/tend-months";
import { keepMisses } from "#features/search/keep-misses";
import { reportLastingDoubts } from "#features/payments/payment-watch";
import { forgetPayloads } from "#features/payments/event-store";
import { sweepPayments } from "#features/payments/sweep-payments";
import { sweepReconciliation } from "#features/reconciliation/publish-reconciliation";
import { answerReadily } from "#http/ready-answers";
import { type Context, createContext } from "#platform/context";
import { forgetAnswers } from "#platform/idempotency";
import { takeFromEveryHome } from "#platform/order-homes";
import { errorFields } from "#platform/log";
import type { Bindings } from "#platform/env";
import { tendIndex } from "#search-sync/tend-index";
import { createApp } from "./app.ts";
import { handlersFor } from "./consumers.ts";

export { CartObject } from "#durable-objects/cart/object";
export { InventoryObject } from "#durable-objects/inventory/object";
export { LimitsObject } from "#durable-objects/limits/object";
export { RoomObject } from "#durable-objects/rooms/room";

const paceOf = createPacers(currentTime);

/** Every database that has an outbox is drained at its own pace; one that does not answer holds up no other. */
const drainOutbox = (context: Context) =>
  takeFromEveryHome(context, async (database, name) => {
    await paceOf(name)((onLook) =>
      drainOutboxOf(context, database, { handlersOf: handlersFor(context), onLook }),
    );
    return [];
  });

const app = createApp(drainOutbox);

const answer = answerReadily(
  (request, bindings, executionContext) => app.fetch(request, bindings, executionContext),
  { covers: isAnnounced, follow: changes.follow, heardUntil: changes.heardUntil },
);

/** Finishes what a crash or a lost message left anywhere; runs every minute. */
async function sweep(context: Context): Promise<void> {
  const sweeps = [
    () => drainOutbox(context),
    () => sweepPayments(context),
    () => reportLastingDoubts(context),
    () => sweepReconciliation(context),
    () => expireOverdueOrders(context),
    () => tendOrderMonths(context),
    () => forgetDelivered(context),
    () => forgetAnswers(context),
    () => forgetMailTokens(context),
    () => forgetPayloads(context),
    () => sweepInventory(context),
    () => tendIndex(context),
    () => keepMisses(context),
  ];
  const outcomes = await Promise.allSettled(sweeps.map((run) => run()));
  for (const outcome of outcomes) {
    if (outcome.status === "fulfilled") continue;
    context.log("error", "a sweep failed", errorFields(outcome.reason));
    context.reportError(outcome.reason, { job: "sweep" });
  }
}

export default {
  fetch: answer,
  scheduled: async (_controller, bindings, executionContext) => {
    const principal = { kind: "system" } as const;
    await sweep(createContext({ bindings, executionContext, drainOutbox, principal }));
  },
} satisfies ExportedHandler<Bindings>;
