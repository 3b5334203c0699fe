import { currentTime } from "#core/time";
import { createCrowd } from "#platform/crowd";

const crowd = createCrowd(currentTime);

/**
 * For what a rush is made of, carts and orders: a few at a time, so that what was ordered is paid before more is. A
 * request has its body by then; one that is slow to come holds up nobody.
 */
export async function inTurn<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  const leave = await crowd.enter();
  try {
    return await work();
  } finally {
    leave();
  }
}
