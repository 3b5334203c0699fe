import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { shardOfId } from "#core/ids";
import type { Context } from "./context.ts";
import type { Database, OrderHome } from "./database.ts";
import { errorFields } from "./log.ts";

/**
 * The database in which an order lives with all that belongs to it: payments, refunds, returns, disputes, reviews of its
 * payments, its history and its books.
 * @param id the order's, or another of the same shard: of something that belongs to it, or of its customer.
 */
export function ordersAt({ databases }: Context, id: string): Database {
  return databases.orders.ofShard(shardOfId(id)).database;
}

/**
 * The condition that a row counts in the database that is asked, by its own id or its order's: while shards move, two
 * databases have their rows. With one database nothing is asked.
 */
export function livesHere(context: Context, id: SQLWrapper): SQL {
  return orderHomes(context).length === 1 ? sql`true` : sql`is_here(${id})`;
}

/** Where orders live besides the primary: nowhere, mostly. */
export function otherOrderHomes(context: Context): readonly OrderHome[] {
  return orderHomes(context).slice(1);
}

/** Every database that has orders, or has had. The first is the primary, which has all that is no order's too. */
export function orderHomes({ databases }: Context): readonly OrderHome[] {
  return databases.orders.all;
}

/** The homes of these shards, each once. */
export function homesOfShards({ databases }: Context, shards: readonly number[]): readonly OrderHome[] {
  return [...new Set(shards.map((shard) => databases.orders.ofShard(shard)))];
}

/** Reads from every home. @throws what any of them throws: a list that lacks some of its rows is none. */
export async function readEveryHome<Row>(
  context: Context,
  read: (database: Database) => PromiseLike<readonly Row[]>,
): Promise<Row[]> {
  return (await Promise.all(orderHomes(context).map(({ database }) => read(database)))).flat();
}

/**
 * Looks for what can be in one home only, and is found although another does not answer.
 * @throws what a home throws that may be the one.
 */
export async function findInHomes<Row>(
  homes: readonly OrderHome[],
  read: (database: Database) => PromiseLike<readonly Row[]>,
): Promise<Row | undefined> {
  const answers = await Promise.allSettled(homes.map(({ database }) => read(database)));
  const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  const failed = answers.find((answer) => answer.status === "rejected");
  if (found.length === 0 && failed !== undefined) throw failed.reason;
  return found[0];
}

/** Reads rows by the ids of their orders, or by others of the same shards, each where they live. */
export async function readAtHomes<Row>(
  context: Context,
  ids: readonly string[],
  read: (database: Database, ids: readonly string[]) => PromiseLike<readonly Row[]>,
): Promise<Row[]> {
  const byHome = Map.groupBy(ids, (id) => ordersAt(context, id));
  return (await Promise.all([...byHome].map(([database, theirs]) => read(database, theirs)))).flat();
}

/**
 * The first rows of all homes together, from lists of each that are in the order of their ids.
 * @param direction which ids come first; the newest have the greatest.
 */
export async function readMerged<Row extends { readonly id: string }>(
  homes: readonly OrderHome[],
  { rowsMax, direction = "after" }: { rowsMax: number; direction?: "after" | "before" },
  read: (database: Database) => PromiseLike<readonly Row[]>,
): Promise<Row[]> {
  const rows = (await Promise.all(homes.map(({ database }) => read(database)))).flat();
  if (homes.length === 1) return rows;
  const sign = direction === "after" ? -1 : 1;
  return rows.sort((a, b) => (a.id < b.id ? -sign : sign)).slice(0, rowsMax);
}

/** Takes what is due in every home. One that does not answer is passed over: its turn comes with the next sweep. */
export async function takeFromEveryHome<Item>(
  context: Context,
  take: (database: Database, home: string) => PromiseLike<readonly Item[]>,
): Promise<Item[]> {
  const homes = orderHomes(context);
  if (homes.length === 1)
    return (await Promise.all(homes.map(({ name, database }) => take(database, name)))).flat();
  const taken = await Promise.all(
    homes.map(async ({ name, database }) => {
      try {
        return await take(database, name);
      } catch (error) {
        context.log("error", "a database of orders does not answer", { ...errorFields(error), home: name });
        context.reportError(error, { home: name });
        return [];
      }
    }),
  );
  return taken.flat();
}
