import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { type Database, databaseErrorOf } from "#platform/database";
import { takeFromEveryHome } from "#platform/order-homes";

/** Months for which there is room before they begin. */
const monthsAhead = 3;

/** Postgres' own code when a lock was not to be had in time. */
const lockNotAvailable = "55P03";

const Done = z.array(z.object({ month: z.string(), outcome: z.string() }));

/**
 * Makes the months' partitions of orders ahead of time, and gives orders that came before there was room for them their
 * own. Then archives the oldest month that has rested for as long as ORDER_RETENTION_MONTHS says, one in each sweep.
 * Repeating it is harmless, also at the same time.
 */
export async function tendOrderMonths(context: Context): Promise<void> {
  const { ORDER_RETENTION_MONTHS: keptMonths } = context.settings;
  await takeFromEveryHome(context, async (database) => {
    await unlessInUse(context, () => makeRoom(context, database));
    if (keptMonths !== undefined)
      await unlessInUse(context, () => archiveOldest(context, database, keptMonths));
    return [];
  });
}

async function makeRoom(context: Context, database: Database): Promise<void> {
  const { rows } = await database.execute(
    sql`select month::text, outcome from make_order_months(${monthsAhead})`,
  );
  for (const { month, outcome } of Done.parse(rows))
    if (outcome === "made") context.log("info", "made room for a month of orders", { month });
}

async function archiveOldest(context: Context, database: Database, keptMonths: number): Promise<void> {
  const { rows } = await database.execute(
    sql`select month::text, outcome from retire_oldest_order_month(${keptMonths})`,
  );
  for (const { month, outcome } of Done.parse(rows))
    context.log(
      "info",
      outcome === "archived" ? "archived a month of orders" : "a month of orders is unfinished",
      {
        month,
      },
    );
}

/** Who is in the way is not pushed aside: the next sweep tries again. */
async function unlessInUse(context: Context, change: () => Promise<void>): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (databaseErrorOf(error)?.code !== lockNotAvailable) throw error;
    context.log("warn", "the months of orders are tended later: their tables are in use");
  }
}
