import type { EpochMs } from "#core/time";

/** Silence after which a drain is taken to have been cut off together with its request. */
const silenceMsMax = 30_000;

/** What one drain is given for as long as it works at the bulk. */
export type BulkTurn = {
  /** Call before each look: whoever asks from then on may have come for what this look does not find. */
  readonly beginLook: () => void;
  /** Whether another drain came meanwhile and left its bulk to this one. */
  readonly wasAsked: () => boolean;
  readonly end: () => void;
};

/**
 * One drain of an isolate at a time works at the bulk, so that its memory stays flat and the others have their hands
 * free for what is prompt. Those that come meanwhile are told no, and the one at work looks once more.
 */
export function createBulkLane(now: () => EpochMs): () => BulkTurn | undefined {
  let current: { heardAt: EpochMs; asked: boolean } | undefined;
  return () => {
    if (current !== undefined && current.heardAt + silenceMsMax > now()) {
      current.asked = true;
      return undefined;
    }
    const mine = { heardAt: now(), asked: false };
    current = mine;
    return {
      beginLook: () => {
        mine.heardAt = now();
        mine.asked = false;
      },
      wasAsked: () => mine.asked,
      end: () => {
        if (current === mine) current = undefined;
      },
    };
  };
}
