import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Page, PageRequest } from "#core/page";
import { epochMs, toTimestamp } from "#core/time";
import type { Context } from "#platform/context";
import { readNearby } from "#platform/nearby-reads";
import { type Travel, readPage } from "#platform/cursor";
import type { SearchMiss } from "./miss-schema.ts";

/** What fewer visitors asked for is not shown: it may be about one of them. */
export const shownFromVisitors = 3;

const Row = z
  .object({
    query: z.string(),
    times: z.coerce.number(),
    first_ms: z.coerce.number(),
    last_ms: z.coerce.number(),
  })
  .transform(({ query, times, first_ms: firstMs, last_ms: lastMs }): SearchMiss => {
    const moment = (ms: number) => toTimestamp(epochMs(Math.round(ms)));
    return { query, times, first_at: moment(firstMs), last_at: moment(lastMs) };
  });

/** What most visitors searched for in vain comes first. */
export async function listMisses(context: Context, page: PageRequest): Promise<Page<SearchMiss>> {
  return readPage<SearchMiss>(context.settings, page, {
    name: "search misses",
    positionOf: ({ times, query }) => [String(times), query],
    read: (travel) => select(context, travel),
  });
}

async function select(
  context: Context,
  { direction, from, rowsMax }: Travel,
): Promise<readonly SearchMiss[]> {
  const [comparison, order] = direction === "after" ? [sql`>`, sql`asc`] : [sql`<`, sql`desc`];
  const [times, query] = from ?? [];
  const beyond =
    times === undefined ? sql`true` : sql`(-times, query) ${comparison} (-${times}::bigint, ${query})`;
  const { rows } = await readNearby(context, (database) =>
    database.execute(sql`
    select query, times, extract(epoch from first_at) * 1000 as first_ms,
      extract(epoch from last_at) * 1000 as last_ms
    from search_misses where times >= ${shownFromVisitors} and ${beyond}
    order by -times ${order}, query ${order} limit ${rowsMax}`),
  );
  return z.array(Row).parse(rows);
}
