import type { Context } from "./context.ts";

type Limits = {
  /**
   * How long a request waits for another request's load before it loads for itself, which is longer than a load may
   * take: the runtime may cancel that request together with its I/O, and then its promise never settles.
   */
  patienceMs: number;
};

type Loaded<Value> = ReadonlyMap<string, Value>;

/** Loads what the keys stand for; a key without a value is missing in the result. */
export type LoadMany<Value> = (keys: readonly string[]) => Promise<Loaded<Value>>;

/** A loader that makes concurrent requests of this isolate share one load of the same key. */
export function createCoalescer<Value>({ patienceMs }: Limits = { patienceMs: 1_000 }) {
  const inFlight = new Map<string, Promise<Loaded<Value>>>();

  function lead(
    context: Pick<Context, "afterResponse">,
    keys: readonly string[],
    load: LoadMany<Value>,
  ): Promise<Loaded<Value>> {
    const loading = load(keys).finally(() => {
      for (const key of keys) inFlight.delete(key);
    });
    for (const key of keys) inFlight.set(key, loading);
    context.afterResponse(loading);
    return loading;
  }

  return async (
    context: Pick<Context, "afterResponse">,
    keys: readonly string[],
    load: LoadMany<Value>,
  ): Promise<Loaded<Value>> => {
    const wanted = [...new Set(keys)];
    const own = wanted.filter((key) => !inFlight.has(key));
    const others = new Set(wanted.flatMap((key) => inFlight.get(key) ?? []));
    const answers = await Promise.all([
      own.length === 0 ? undefined : lead(context, own, load),
      ...[...others].map((loading) => answerWithin(patienceMs, loading)),
    ]);
    const found = new Map(answers.flatMap((answer) => [...(answer ?? [])]));
    const [, ...othersAnswers] = answers;
    if (othersAnswers.includes(undefined)) {
      const missing = wanted.filter((key) => !found.has(key) && !own.includes(key));
      for (const [key, value] of await load(missing)) found.set(key, value);
    }
    return found;
  };
}

/** Undefined when the other request failed or did not answer in time: its fault is not this request's. */
async function answerWithin<Value>(
  patienceMs: number,
  loading: Promise<Loaded<Value>>,
): Promise<Loaded<Value> | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const outOfPatience = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patienceMs);
  });
  const answer = loading.catch(() => undefined);
  const first = await Promise.race([answer, outOfPatience]);
  clearTimeout(timer);
  return first;
}
