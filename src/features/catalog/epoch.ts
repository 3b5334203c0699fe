import { sql } from "drizzle-orm";
import { z } from "zod";
import { minuteMs } from "#core/time";
import { createCoalescer } from "#platform/coalesce";
import type { Context } from "#platform/context";
import type { Database } from "#platform/database";
import { createIsolateMemory } from "#platform/isolate-memory";
import { orOld } from "#platform/or-old";
import { errorFields } from "#platform/log";
import { readNearby } from "#platform/nearby-reads";
import { readyAnswersOf } from "#platform/ready-answers";
import { type CachedCopy, readCopies, writeCopies } from "#platform/versioned-cache";

/**
 * A place in the primary's log of changes (LSN), 16 hexadecimal digits. The catalogue's epoch is the place up to which
 * its changes have been announced: a view that was read at an earlier place is stale, wherever it was kept, and a
 * replica that has not come so far is not asked.
 */
export type LogPlace = string;

/** Something read from a database, and the place in the log that the reading had surely seen. */
export type ReadAt<Value> = { readonly place: LogPlace; readonly value: Value };

/** A view over many products, such as a page of a list: what it is called and how it is read. */
type ViewReading<Value> = {
  readonly name: string;
  readonly read: (database: Database) => Promise<ReadAt<Value>>;
};

const epochKey = "catalog:1:epoch";
const viewKey = (name: string) => `catalog:1:view:${name}`;

/** For so long this isolate believes what it has read, products and views alike. */
export const copyLifeMs = 2_000;
/** For so long views that were read here are shown while neither Redis nor a database can tell of them. */
const oldMs = 10 * minuteMs;

/** What this isolate remembers of each kind of view; one that was read before the epoch is believed no more. */
const memories: { expire: () => void }[] = [];
/** Where answers are made of views. */
const pathsOfViews: ReadonlySet<string> = new Set(["/products", "/categories", "/search/suggest"]);
/** The newest epoch that this isolate knows of. */
let epochHere: LogPlace = "";

/**
 * Makes a reader of one kind of view: from this isolate's memory, else Redis, else a replica that has seen the epoch,
 * else the primary. Copies do not tell whose writes they show: a reader who has to see certain ones gets the view from a
 * database. What it gives is shared, and not to be changed.
 */
export function createViewReader<Value>(schema: z.ZodType<Value>) {
  const memory = createIsolateMemory<ReadAt<Value>>({ entriesMax: 500, lifeMs: copyLifeMs, oldMs });
  const coalesced = createCoalescer<ReadAt<Value>>();
  memories.push(memory);

  return async (context: Context, reading: ViewReading<Value>): Promise<Value> => {
    if (context.mustSee !== undefined) return (await readNearby(context, reading.read)).value;
    const { name } = reading;
    const known = memory.get(name, context.now());
    if (known !== undefined) return known.value;
    const load = async () => {
      const read = await loadView(context, schema, reading);
      if (read.place >= epochHere) memory.set(name, read, context.now());
      return new Map([[name, read]]);
    };
    const loaded = await orOld(context, [name], { memory, load: () => coalesced(context, [name], load) });
    const read = loaded.get(name);
    if (read === undefined) throw new Error(`the view ${name} was not read`);
    return read.value;
  };
}

async function loadView<Value>(
  context: Context,
  schema: z.ZodType<Value>,
  reading: ViewReading<Value>,
): Promise<ReadAt<Value>> {
  const [epoch, copy] = await readCopies(context, [epochKey, viewKey(reading.name)]);
  if (epoch !== undefined && copy !== undefined && copy.version >= epoch.version)
    return { place: copy.version, value: schema.parse(JSON.parse(copy.text)) };
  let read = await readNearby(context, reading.read);
  if (epoch !== undefined && read.place < epoch.version) read = await reading.read(context.databases.primary);
  keepView(context, reading.name, read, epoch);
  return read;
}

function keepView(
  context: Context,
  name: string,
  read: ReadAt<unknown>,
  epoch: CachedCopy | undefined,
): void {
  const entries = [{ key: viewKey(name), version: read.place, text: JSON.stringify(read.value) }];
  // Without an epoch no copy is believed; after Redis lost it, the first reader sets it again.
  if (epoch === undefined) entries.push({ key: epochKey, version: read.place, text: "" });
  const filling = writeCopies(context, entries).catch((error: unknown) =>
    context.log("warn", "a view was not cached", errorFields(error)),
  );
  context.afterResponse(filling);
}

/** Whether what the answers of a path show is announced when it changes: one product, or views over many. */
export function isAnnounced(path: string): boolean {
  return /^\/(?:products(?:\/[^/]+)?|categories)$/.test(path);
}

/** Something has changed: views that were read here are believed no more. */
export function expireViews(): void {
  for (const memory of memories) memory.expire();
}

/**
 * Announces that views read before this place are stale.
 * @throws when Redis is away, since stale copies may be in it.
 */
export async function advanceEpoch(context: Context, place: LogPlace): Promise<void> {
  if (place > epochHere) epochHere = place;
  expireViews();
  readyAnswersOf(context.bindings).forget(pathsOfViews);
  await writeCopies(context, [{ key: epochKey, version: place, text: "" }]);
}

/**
 * The statement that tells how far a database has come; pass its rows to {@link placeOf}. In a batch it comes before
 * the reading, which then has seen at least that much.
 */
export function selectPlace(database: Database) {
  return database.execute(sql`
    select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end as lsn`);
}

const PlaceRow = z.object({ lsn: z.string().regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/) });

export function placeOf(result: { rows: Record<string, unknown>[] }): LogPlace {
  const { lsn } = PlaceRow.parse(result.rows[0]);
  return lsn
    .split("/")
    .map((half) => half.padStart(8, "0"))
    .join("");
}
