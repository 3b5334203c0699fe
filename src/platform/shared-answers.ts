import { createCoalescer } from "./coalesce.ts";
import type { Context } from "./context.ts";
import { createIsolateMemory } from "./isolate-memory.ts";

type Limits = {
  entriesMax: number;
  /** For how long an answer is given again. */
  lifeMs: number;
  /** As a coalescer's: longer than making an answer may take. */
  patienceMs: number;
};

/** Gives all who ask this isolate the same, at once or within a moment, one answer. */
export function createSharedAnswers<Answer>({ entriesMax, lifeMs, patienceMs }: Limits) {
  const memory = createIsolateMemory<Answer>({ entriesMax, lifeMs });
  const coalesced = createCoalescer<Answer>({ patienceMs });
  return async (
    context: Pick<Context, "now" | "afterResponse">,
    key: string,
    make: () => Promise<Answer>,
  ): Promise<Answer> => {
    const known = memory.get(key, context.now());
    if (known !== undefined) return known;
    const made = await coalesced(context, [key], async () => {
      const answer = await make();
      memory.set(key, answer, context.now());
      return new Map([[key, answer]]);
    });
    return made.get(key) ?? make();
  };
}
