import { z } from "zod";
import { type EpochMs, epochMs, secondMs } from "#core/time";
import { createCoalescer } from "#platform/coalesce";
import type { Context } from "#platform/context";
import { within } from "#platform/deadline";
import { errorFields } from "#platform/log";
import type { ProductNews } from "./sellable-memory.ts";

/**
 * The latest announcements of the catalogue, in a stream in Redis: which products are new, or that something else about
 * views over many is. Its entries are numbered by Redis, so that an isolate that finds the entry it read last has missed
 * none since. One short reading every second or two stands for asking about each product that is needed meanwhile.
 */
const feedKey = "catalog:1:changes";
const entriesKept = 1_000;
const productsPerEntryMax = 50;
/** Where more was announced since the last reading, it costs less to begin anew. */
const entriesReadMax = 40;

/** An isolate that has read the feed so lately believes its memory; a little earlier it reads on, after a response. */
const believedMs = 2 * secondMs;
const readOnAfterMs = secondMs;
/** How long a reading may take while a request waits for it, and while none does; after a failure there is a pause. */
const readMsMax = { awaited: 250, readOn: 900 } as const;
const pauseMs = 5 * secondMs;
/** After a beginning nothing is kept until all that may have been read before it, from memory or a replica, is old. */
const settleMs = 3 * secondMs;

/** What hearing needs of a request's context. */
export type Hearing = Pick<Context, "cache" | "now" | "log" | "afterResponse"> & {
  readonly settings: Pick<Context["settings"], "REPLICA_LAG_SECONDS_MAX">;
};

/** What an isolate keeps for as long as it hears of changes. */
type Listener<Asking> = {
  /** Products may be none: then it is of views alone. */
  hear: (news: readonly ProductNews[], context: Asking) => void;
  /** Something was missed: nothing is known any more, and nothing is believed that was read before this time. */
  beginAnew: (believesFrom: EpochMs, context: Asking) => void;
};

export type ChangeFeed<Asking> = {
  /** Whether everything up to two seconds ago has been heard; told at once unless a reading has to be waited for. */
  follow: (context: Asking) => boolean | Promise<boolean>;
  /** Up to when everything has been heard. */
  heardUntil: () => EpochMs;
  /** @throws when Redis is away. */
  announce: (context: Asking, news: readonly ProductNews[]) => Promise<void>;
};

/** The feed, as this isolate hears it. */
export function createChangeFeed<Asking extends Hearing>(listener: Listener<Asking>): ChangeFeed<Asking> {
  const coalesced = createCoalescer<boolean>();
  let lastRead: string | undefined;
  let heardUntil = 0;
  let readAgainAt = 0;
  let isReading = false;

  async function read(context: Asking, msMax: number): Promise<void> {
    const begunAt = context.now();
    readAgainAt = begunAt + readOnAfterMs;
    isReading = true;
    try {
      const from = lastRead;
      const entries = from === undefined ? [] : await within(msMax, entriesFrom(context, from));
      const isGapless = entries.length > 0 && entries[0]?.id === from && entries.length <= entriesReadMax;
      if (isGapless) {
        if (entries.length > 1)
          listener.hear(
            entries.slice(1).flatMap(({ news }) => news),
            context,
          );
        lastRead = entries.at(-1)?.id;
      } else begin(context, await within(msMax, lastEntryId(context)));
      heardUntil = Math.max(heardUntil, begunAt);
    } catch (error) {
      readAgainAt = begunAt + pauseMs;
      context.log("warn", "the catalogue's changes cannot be heard of", errorFields(error));
    } finally {
      isReading = false;
    }
  }

  function begin(context: Asking, entryId: string): void {
    const lagMsMax = context.settings.REPLICA_LAG_SECONDS_MAX * secondMs;
    listener.beginAnew(epochMs(context.now() + lagMsMax + settleMs), context);
    lastRead = entryId;
  }

  function readOnce(context: Asking, msMax: number): Promise<unknown> {
    return coalesced(context, ["changes"], async () => {
      await read(context, msMax);
      return new Map([["changes", true]]);
    });
  }

  return {
    follow: (context) => {
      const now = context.now();
      const isBelieved = () => now - heardUntil < believedMs;
      if (now < readAgainAt && (isBelieved() || !isReading)) return isBelieved();
      // Whoever comes while it is read shares the reading.
      if (!isBelieved()) return readOnce(context, readMsMax.awaited).then(isBelieved);
      context.afterResponse(readOnce(context, readMsMax.readOn));
      return true;
    },
    heardUntil: () => epochMs(heardUntil),
    announce: async (context, news) => {
      for (let start = 0; start === 0 || start < news.length; start += productsPerEntryMax) {
        const entryId = await append(context, news.slice(start, start + productsPerEntryMax));
        if (lastRead === undefined) begin(context, entryId);
      }
      // Who announces much would soon be too far behind the feed to read on.
      if (context.now() >= readAgainAt) context.afterResponse(readOnce(context, readMsMax.readOn));
    },
  };
}

type Entry = { readonly id: string; readonly news: readonly ProductNews[] };

const Entries = z.record(z.string(), z.object({ products: z.string() }));

/** The entry with this id and those after it; more than are read where there are too many. */
async function entriesFrom(context: Hearing, id: string): Promise<Entry[]> {
  const read = await context.cache.xrange(feedKey, id, "+", entriesReadMax + 1);
  return Object.entries(Entries.parse(read)).map(([entryId, { products }]) => ({
    id: entryId,
    news: newsOf(products),
  }));
}

/** After Redis lost the feed its first reader begins another. */
async function lastEntryId(context: Hearing): Promise<string> {
  const last = await context.cache.xrevrange(feedKey, "+", "-", 1);
  const [id] = Object.keys(Entries.parse(last));
  return id ?? append(context, []);
}

function append(context: Hearing, news: readonly ProductNews[]): Promise<string> {
  const products = news.map(({ productId, version }) => `${productId}=${version}`).join(" ");
  const trim = { type: "MAXLEN", comparison: "~", threshold: entriesKept } as const;
  return context.cache.xadd(feedKey, "*", { products }, { trim });
}

function newsOf(products: string): ProductNews[] {
  return products
    .split(" ")
    .filter(Boolean)
    .map((text) => {
      const [productId = "", version = ""] = text.split("=");
      return { productId, version };
    });
}
