import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { type Database, databaseErrorOf } from "#platform/database";
import { takeFromEveryHome } from "#platform/order-homes";

/** Months for which there is room before they begin. */
const monthsAhead = 3;

/** Postgres' own code when a lock was not to be had in time. */
const lockNotAvailable = "55P03";

const Made = z.array(z.object({ month: z.string(), outcome: z.enum(["made", "there", "archived"]) }));

/**
 * Makes the months' partitions of orders ahead of time, and gives orders that came before there was room for them their
 * own. Repeating it is harmless, also at the same time. Who is in the way is not pushed aside: the next sweep tries again.
 * @returns how many months were made.
 */
export async function makeRoomForOrders(context: Context): Promise<number> {
  const made = await takeFromEveryHome(context, async (database) => [await makeRoomAt(context, database)]);
  return made.reduce((sum, count) => sum + count, 0);
}

async function makeRoomAt(context: Context, database: Database): Promise<number> {
  try {
    const { rows } = await database.execute(
      sql`select month::text, outcome from make_order_months(${monthsAhead})`,
    );
    const made = Made.parse(rows).filter(({ outcome }) => outcome === "made");
    for (const { month } of made) context.log("info", "made room for a month of orders", { month });
    return made.length;
  } catch (error) {
    if (databaseErrorOf(error)?.code !== lockNotAvailable) throw error;
    context.log("warn", "room for orders is made later: their tables are in use");
    return 0;
  }
}
