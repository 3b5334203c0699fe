import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { shownFromVisitors } from "./list-misses.ts";
import { waitingMissesKey } from "./note-miss.ts";

const takenKey = `${waitingMissesKey}:taken`;
/** Days for which words are kept since somebody last missed them. */
const keptDays = { shown: 90, withheld: 14 } as const;

const take = `
if redis.call('EXISTS', KEYS[2]) == 0 and redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('RENAME', KEYS[1], KEYS[2])
end
return redis.call('HGETALL', KEYS[2])`;

const Taken = z.array(z.unknown()).transform((flat) => {
  const rows: { query: string; times: number }[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2)
    rows.push({ query: String(flat[index]), times: Number(flat[index + 1]) });
  return rows;
});

/**
 * The sweep's part: keeps what was counted since the last one, and forgets what nobody has missed for long; what only
 * one or two ever asked for goes sooner. Should the process die in between, these counts are added twice.
 */
export async function keepMisses(context: Context): Promise<void> {
  const taken = Taken.parse(await context.cache.eval(take, [waitingMissesKey, takenKey], []));
  const { primary } = context.databases;
  const now = new Date(context.now()).toISOString();
  if (taken.length > 0) {
    await primary.execute(sql`
      insert into search_misses (query, times, first_at, last_at)
      select query, times, ${now}::timestamptz, ${now}::timestamptz
      from jsonb_to_recordset(${JSON.stringify(taken)}::jsonb) as taken (query text, times bigint)
      on conflict (query) do update
        set times = search_misses.times + excluded.times, last_at = excluded.last_at`);
    await context.cache.del(takenKey);
  }
  await primary.execute(sql`
      delete from search_misses
      where last_at < ${now}::timestamptz - make_interval(days =>
        case when times >= ${shownFromVisitors}::bigint then ${keptDays.shown}::int else ${keptDays.withheld}::int end)`);
}
