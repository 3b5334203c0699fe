import { expect, test } from "vitest";
import { epochMs } from "#core/time";
import { createPacer, wakeUpLimits } from "#events/wake-up";

/** A drain that ends when told to. */
function heldDrain() {
  const calls: PromiseWithResolvers<number>[] = [];
  const drain = () => {
    const call = Promise.withResolvers<number>();
    calls.push(call);
    return call.promise;
  };
  return { calls, drain };
}

test("a hundred wake-ups at once run four drains, and one of them looks again", async () => {
  const pace = createPacer(() => epochMs(0));
  const { calls, drain } = heldDrain();
  const wakeUps = Array.from({ length: 100 }, () => pace(drain));
  expect(calls).toHaveLength(wakeUpLimits.drainsMax);
  for (const call of calls) call.resolve(1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(calls).toHaveLength(wakeUpLimits.drainsMax + 1);
  calls.at(-1)?.resolve(1);
  await Promise.all(wakeUps);
});

test("a wake-up that comes while a drain is ending is not lost", async () => {
  const pace = createPacer(() => epochMs(0));
  let due = 1;
  let delivered = 0;
  const drain = () => {
    delivered += due;
    const count = due;
    due = 0;
    return Promise.resolve(count);
  };
  const first = pace(drain);
  due = 1;
  const second = pace(drain);
  await Promise.all([first, second]);
  expect(delivered).toBe(2);
});

test("drains that were cut off do not block the isolate for ever", async () => {
  let now = 0;
  const pace = createPacer(() => epochMs(now));
  const { drain } = heldDrain();
  for (let cutOff = 0; cutOff < wakeUpLimits.drainsMax; cutOff++) void pace(drain);
  now = wakeUpLimits.drainMsMax + 1;
  let drained = false;
  await pace(() => {
    drained = true;
    return Promise.resolve(1);
  });
  expect(drained).toBe(true);
});
