import type { Context } from "./context.ts";
import { within } from "./deadline.ts";
import type { IsolateMemory } from "./isolate-memory.ts";
import { errorFields } from "./log.ts";

/** Who has old values for all that is asked waits no longer for the present ones. */
const patienceMs = 1_500;

type Loading<Value> = {
  readonly memory: IsolateMemory<Value>;
  readonly load: () => Promise<ReadonlyMap<string, Value>>;
};

/**
 * What is loaded; while nothing can be, what this isolate's memory still has of it, if that is all of it.
 * @throws what the loading throws.
 */
export async function orOld<Value>(
  context: Context,
  keys: readonly string[],
  { memory, load }: Loading<Value>,
): Promise<ReadonlyMap<string, Value>> {
  const old = new Map<string, Value>();
  for (const key of keys) {
    const value = memory.getOld(key, context.now());
    if (value !== undefined) old.set(key, value);
  }
  if (old.size < keys.length) return load();
  try {
    return await within(patienceMs, load());
  } catch (error) {
    context.log("warn", "showing what was known before", errorFields(error));
    return old;
  }
}
