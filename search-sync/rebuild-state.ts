import { z } from "zod";
import { idSchema } from "#core/ids";
import { hourMs, minuteMs, secondMs } from "#core/time";
import { productIndex } from "#features/search/document";
import { RebuildStep } from "#features/search/rebuild-schema";
import type { Context } from "#platform/context";

/** The index that a rebuild fills, and that then takes the place of the one that is searched. */
export const nextIndex = `${productIndex}_next`;

const stateKey = "search:1:rebuild";
const lastKey = "search:1:rebuild:last";
const generationKey = "search:1:generation";

/** A rebuild without progress for so long is given up, and writers stop writing twice. */
const silenceSecondsMax = (15 * minuteMs) / secondMs;
const memorySeconds = (30 * 24 * hourMs) / secondMs;

/** A rebuild that is under way. Its existence tells every writer to write to the next index as well. */
export const RebuildState = z.object({
  id: idSchema("searchRebuild"),
  startedAt: z.number(),
  /** Tasks of earlier rebuilds have smaller numbers than the first; the last is that of the newest page. */
  firstTask: z.int().nullable(),
  lastTask: z.int().nullable(),
  indexed: z.int(),
  /** The step to be taken, its number, and when it was last asked for. */
  next: RebuildStep,
  turn: z.int(),
  askedAt: z.number(),
});
export type RebuildState = z.infer<typeof RebuildState>;

export const RebuildOutcome = z.object({
  id: z.string(),
  outcome: z.enum(["finished", "failed"]),
  indexed: z.int(),
  endedAt: z.number(),
});
export type RebuildOutcome = z.infer<typeof RebuildOutcome>;

/** Where a write to the index has to go. */
export type WritePlace = {
  /** In the order in which they are to be written. */
  readonly indexes: readonly string[];
  /** Names the index that is searched; another after each swap. */
  readonly generation: string;
  readonly isRebuilding: boolean;
};

/**
 * To be read before the truth that is going to be written: then a write that goes to one index only shows what was so
 * before the rebuild began, and the rebuild itself reads it. The next index comes first, since a swap may come between
 * the two writes: what it then misses in one index, it meets in the other.
 */
export async function readWritePlace(context: Context): Promise<WritePlace> {
  const [state, generation] = await context.cache.mget<unknown[]>(stateKey, generationKey);
  const isRebuilding = state !== null;
  return {
    indexes: isRebuilding ? [nextIndex, productIndex] : [productIndex],
    generation: z.string().nullable().parse(generation) ?? "",
    isRebuilding,
  };
}

export async function readRebuildState(context: Context): Promise<RebuildState | undefined> {
  const state = await context.cache.get(stateKey);
  return state === null ? undefined : RebuildState.parse(state);
}

export async function readRebuildOutcome(context: Context): Promise<RebuildOutcome | undefined> {
  const outcome = await context.cache.get(lastKey);
  return outcome === null ? undefined : RebuildOutcome.parse(outcome);
}

/** False when another rebuild is under way. */
export async function beginState(context: Context, state: RebuildState): Promise<boolean> {
  return (await context.cache.set(stateKey, state, { nx: true, ex: silenceSecondsMax })) === "OK";
}

/** False when the state had vanished meanwhile: then writers may have missed the next index. */
export async function keepState(context: Context, state: RebuildState): Promise<boolean> {
  return (await context.cache.set(stateKey, state, { xx: true, ex: silenceSecondsMax })) === "OK";
}

/** From here on writers write to the searched index alone, and believe no note about the one from before. */
export async function endState(context: Context, outcome: RebuildOutcome): Promise<void> {
  await context.cache.set(generationKey, outcome.id);
  await context.cache.set(lastKey, outcome, { ex: memorySeconds });
  await context.cache.del(stateKey);
}
