import { hourMs, secondMs } from "#core/time";
import type { Context } from "#platform/context";
import { errorFields } from "#platform/log";
import { deriveSecret } from "#platform/signed-tokens";
import { missedText } from "./missed-text.ts";
import type { SearchQuery } from "./schema.ts";

/** Words that wait to be kept in the database: how many visitors missed what. */
export const waitingMissesKey = "search:1:misses";

/** Different words that wait at most, so that nobody fills the cache with nonsense; the sweep makes room. */
const waitingMax = 5_000;
/** A visitor who asks again within this time counts once. */
const visitorSeconds = (24 * hourMs) / secondMs;

const countOncePerVisitor = `
if not redis.call('SET', KEYS[2], 1, 'NX', 'EX', ARGV[2]) then return 0 end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
return redis.call('HINCRBY', KEYS[1], ARGV[1], 1)`;

/** Remembers, after the response, that nothing is called so. Searches within filters miss for other reasons. */
export function noteMiss(context: Context, query: SearchQuery): void {
  const { q, page, category, brand, tag, option, price_min, price_max, rating_min, in_stock, currency } =
    query;
  const filters = [category, brand, tag, option, price_min, price_max, rating_min, in_stock, currency];
  const text = missedText(q);
  if (text === undefined || page > 1 || filters.some((filter) => filter !== undefined)) return;
  context.afterResponse(
    count(context, text).catch((error: unknown) =>
      context.log("warn", "a search without results was not counted", errorFields(error)),
    ),
  );
}

/** Nothing tells who it was: the mark of visitor and words cannot be read back, and goes after a day. */
async function count(context: Context, text: string): Promise<void> {
  const mark = await deriveSecret(
    context.settings,
    "search-visitor",
    `${context.clientAddress ?? ""}\n${text}`,
  );
  await context.cache.eval(
    countOncePerVisitor,
    [waitingMissesKey, `search:1:missed:${mark}`],
    [text, visitorSeconds, waitingMax],
  );
}
