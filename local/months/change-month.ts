import { setTimeout as sleep } from "node:timers/promises";
import { type Client, DatabaseError } from "pg";
import { z } from "zod";

/** Postgres' code for a lock that was not to be had in time: months are changed under locks, and give way to writers. */
const lockNotAvailable = "55P03";
const triesMax = 10;
const pauseMs = 300;

const Outcome = z.tuple([z.object({ outcome: z.string() })]);

/**
 * Makes room for a month such as 2025-03, archives it or brings it back; what comes of it, the migrations tell. Whoever is at work goes
 * first: then it is tried again for some seconds.
 * @returns the outcome, or `in use` when somebody was at work all the time.
 */
export async function changeMonth(
  client: Client,
  change: "make" | "retire" | "restore",
  month: string,
): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      const { rows } = await client.query(`select ${change}_order_month($1::date) as outcome`, [
        `${month}-01`,
      ]);
      return Outcome.parse(rows)[0].outcome;
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code !== lockNotAvailable) throw error;
      if (tries === triesMax) return "in use";
      await sleep(pauseMs);
    }
  }
}
