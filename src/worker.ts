import { drainOutboxOf } from "#events/outbox";
import { type Context, createContext } from "#platform/context";
import type { Bindings } from "#platform/env";
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

async function drainOutbox(context: Context): Promise<void> {
  const handlers = handlersFor(context);
  if ((await drainOutboxOf(context, handlers)) > 0) return;
  await new Promise((resolve) => setTimeout(resolve, secondLookMs));
  await drainOutboxOf(context, handlers);
}

const app = createApp(drainOutbox);

async function sweep(context: Context): Promise<void> {
  await drainOutboxOf(context, handlersFor(context));
}

export default {
  fetch: (request, bindings, executionContext) => app.fetch(request, bindings, executionContext),
  scheduled: async (_controller, bindings, executionContext) => {
    const principal = { kind: "system" } as const;
    await sweep(createContext({ bindings, executionContext, drainOutbox, principal }));
  },
} satisfies ExportedHandler<Bindings>;
