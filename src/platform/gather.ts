import type { Context } from "./context.ts";

type Gathering<Value> = { readonly keys: Set<string>; readonly loaded: Promise<ReadonlyMap<string, Value>> };

/** A reader of single values that reads what one context asks for in the same turn at once. */
export function createGatherer<Value>(
  load: (context: Context, keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): (context: Context, key: string) => Promise<Value | undefined> {
  const gatherings = new WeakMap<Context, Gathering<Value>>();

  function gather(context: Context): Gathering<Value> {
    const keys = new Set<string>();
    const loaded = Promise.resolve().then(() => {
      gatherings.delete(context);
      return load(context, [...keys]);
    });
    const gathering = { keys, loaded };
    gatherings.set(context, gathering);
    return gathering;
  }

  return async (context, key) => {
    const { keys, loaded } = gatherings.get(context) ?? gather(context);
    keys.add(key);
    return (await loaded).get(key);
  };
}
