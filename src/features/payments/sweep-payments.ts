import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import { takeStrandedEvents } from "./event-store.ts";
import { executeRefund } from "./execute-refund.ts";
import { processPaymentEvent } from "./process-payment-event.ts";
import { takeDueRefunds } from "./refund-store.ts";
import { settlePayment } from "./settle-payment.ts";
import { takeDueAttempts } from "./store.ts";

const sweepLimits = {
  /** Events, payments and refunds taken at once; what is taken is done before others take it again. */
  rowsMax: 20,
  /** Of each under way at the same time: the sweep is to leave room for the buyers. */
  lanesMax: 3,
  /** After so long no more are taken; the next sweep goes on. */
  sweepMsMax: 25_000,
} as const;

/**
 * Finishes what got stuck: events whose publication or delivery was lost, and open payments and refunds of which
 * nothing has been heard for a while. A fault with one never stops the others.
 * @returns how many were looked at.
 */
export async function sweepPayments(context: Context): Promise<number> {
  const { rowsMax } = sweepLimits;
  const counts = await Promise.all([
    sweepAll(context, {
      take: async () => onePerPayment(await takeStrandedEvents(context, rowsMax)),
      finish: ({ provider, providerEventId }) => processPaymentEvent(context, provider, providerEventId),
    }),
    sweepAll(context, {
      take: () => takeDueAttempts(context, rowsMax),
      finish: ({ id: attemptId, orderId }) => settlePayment(context, { orderId, attemptId }),
    }),
    sweepAll(context, {
      take: () => takeDueRefunds(context, rowsMax),
      finish: (refund) => executeRefund(context, refund),
    }),
  ]);
  return counts.reduce((sum, count) => sum + count, 0);
}

type Sweep<Item> = { take: () => Promise<Item[]>; finish: (item: Item) => Promise<unknown> };

/** Takes and finishes until nothing is due or the time is over. */
async function sweepAll<Item>(context: Context, { take, finish }: Sweep<Item>): Promise<number> {
  const until = context.now() + sweepLimits.sweepMsMax;
  for (let count = 0; ;) {
    const items = await take();
    await inLanes(sweepLimits.lanesMax, items, (item) => tolerate(context, () => finish(item)));
    count += items.length;
    if (items.length === 0 || context.now() >= until) return count;
  }
}

/** Works through all of it, some at a time. */
async function inLanes<Item>(
  lanesMax: number,
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const lane = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: lanesMax }, lane));
}

/** Acting on one event of a payment serves all that wait. */
function onePerPayment<Event extends { providerReference: string | null; providerEventId: string }>(
  events: readonly Event[],
): Event[] {
  const byPayment = events.map((event) => [event.providerReference ?? event.providerEventId, event] as const);
  return [...new Map(byPayment).values()];
}

async function tolerate(context: Context, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    context.log("warn", "the payment sweep could not finish one payment", errorFields(error));
  }
}
