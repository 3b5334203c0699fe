import { MeilisearchApiError } from "meilisearch";
import type { Context } from "#platform/context";
import { createBreaker } from "#platform/breaker";

/** An index that failed so often in a row is asked once in so long, until it answers again. */
const breaker = createBreaker({ failuresMax: 3, pauseMs: 1_500 });

class IndexSpared extends Error {
  constructor() {
    super("the search index has just failed and is left in peace for a moment");
    this.name = "IndexSpared";
  }
}

/**
 * What the index answers, unless it has failed too often of late: then nobody waits for it in vain.
 * @throws what the asking throws, or at once.
 */
export async function askIndex<Answer>(context: Context, ask: () => Promise<Answer>): Promise<Answer> {
  if (!breaker.mayAsk(context.now())) throw new IndexSpared();
  try {
    const answer = await ask();
    breaker.answered();
    return answer;
  } catch (error) {
    if (isRefusal(error)) breaker.answered();
    else breaker.failed(context.now());
    throw error;
  }
}

/** Whether the index is up and refused, or sent what nobody expected: a fault of ours. */
export function isOurFault(error: unknown): boolean {
  return isRefusal(error) || (error instanceof Error && error.name === "ZodError");
}

function isRefusal(error: unknown): boolean {
  return error instanceof MeilisearchApiError && error.response.status < 500;
}
