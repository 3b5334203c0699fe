import { tellable } from "#core/faults";
import { epochMs, minuteMs, secondMs } from "#core/time";
import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import { countedCalls } from "./counted-calls.ts";
import { examinePayment } from "./examine-payment.ts";
import {
  type LeasedFeed,
  createFeeds,
  keepPage,
  openWindow,
  placeOf,
  releaseFeed,
  takeFeed,
} from "./feed-store.ts";
import { type Source, modeOf, sourcesOf } from "./sources.ts";
import { type TakenSuspect, putSuspectOff, takeSuspects } from "./suspect-store.ts";
import { nextWindow, walk } from "./walk.ts";

/** What one run does at most; the next one goes on where it stopped. */
const runLimits = { msMax: 20 * secondMs, providerCallsMax: 300, suspectsMax: 10 } as const;

/** Regular walks leave alone what is probably still on its way to us. */
const graceMs = minuteMs;
/** Walks that staff ask for go up to now, also by a provider's clock that is ahead of ours. */
const aheadMs = 2 * minuteMs;

/**
 * Compares with the providers' own records, in both directions, from where the last run stopped: lists are walked through
 * page by page, and payments that look different are examined. A fault with one list or payment never stops the others;
 * any number of runs at once share the work.
 */
export async function runReconciliation(given: Context): Promise<void> {
  const { context, calls } = countedCalls(given);
  const until = context.now() + runLimits.msMax;
  const isSpent = () => context.now() >= until || calls() >= runLimits.providerCallsMax;
  const sources = sourcesOf(context);
  const names = sources.map(({ provider, list }) => ({ provider, list }));
  await createFeeds(context, names);
  while (!isSpent()) {
    const feed = await takeFeed(context, names);
    if (feed === undefined) break;
    await walkThrough(context, { feed, sources, isSpent });
  }
  while (!isSpent()) {
    const suspects = await takeSuspects(context, runLimits.suspectsMax);
    if (suspects.length === 0) break;
    for (const suspect of suspects) await examine(context, suspect);
  }
}

type Walking = { feed: LeasedFeed; sources: readonly Source[]; isSpent: () => boolean };

async function walkThrough(context: Context, { feed, sources, isSpent }: Walking): Promise<void> {
  const source = sources.find(({ provider, list }) => provider === feed.provider && list === feed.list);
  if (source === undefined) return;
  try {
    const place = placeOf(feed) ?? { window: windowOf(context, feed, source), cursor: undefined };
    if (feed.windowFrom === null && !(await openWindow(context, feed, place.window))) return;
    const { read } = source;
    const outcome = await walk({ read, isSpent, keep: (page) => keepPage(context, feed, page) }, place);
    if (outcome === "spent") await releaseFeed(context, feed);
  } catch (error) {
    const { provider, list: job } = feed;
    context.log("warn", "a walk through a list was cut short", { ...errorFields(error), provider, job });
    await releaseFeed(context, feed, tellable(error).message);
  }
}

function windowOf(context: Context, feed: LeasedFeed, { policy }: Source) {
  const until = context.now() + (feed.askedBy === null ? -graceMs : aheadMs);
  return nextWindow(epochMs(feed.coveredUntil.getTime()), epochMs(until), policy);
}

async function examine(context: Context, suspect: TakenSuspect): Promise<void> {
  const { provider } = suspect;
  const records = context.paymentRecords[provider];
  if (records === undefined) return;
  try {
    await examinePayment({ context, records, suspect, mode: modeOf(context.settings, provider) });
  } catch (error) {
    const about = { provider, provider_reference: suspect.subject };
    context.log("warn", "a payment could not be compared", { ...errorFields(error), ...about });
    await putSuspectOff(context, suspect, tellable(error).message);
  }
}
