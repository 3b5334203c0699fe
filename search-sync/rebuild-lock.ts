import { AppError } from "#core/errors";
import type { Context } from "#platform/context";

const lockKey = "search:1:rebuild:lock";
const releaseIfOurs = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/**
 * Lets one step of a rebuild run at a time.
 * @param seconds after which a step that died lets the next one in: longer than it takes.
 * @throws AppError conflict while another runs, upon which the queue delivers again later.
 */
export async function withRebuildLock(
  context: Context,
  seconds: number,
  run: () => Promise<void>,
): Promise<void> {
  const owner = crypto.randomUUID();
  const taken = await context.cache.set(lockKey, owner, { nx: true, ex: seconds });
  if (taken !== "OK")
    throw new AppError("conflict", { detail: "Another step of a rebuild is running.", retryAfterSeconds: 1 });
  try {
    await run();
  } finally {
    await context.cache.eval(releaseIfOurs, [lockKey], [owner]);
  }
}
