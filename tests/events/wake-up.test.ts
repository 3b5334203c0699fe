import { expect, test, vi } from "vitest";
import { currentTime, epochMs } from "#core/time";
import { createPacer, wakeUpLimits } from "#events/wake-up";

/** A drain that finds what was due at its look, and nothing when it looks again; it waits to be told what it found. */
function heldDrain() {
  const calls: PromiseWithResolvers<void>[] = [];
  const drain = async (onLook: () => void) => {
    onLook();
    const call = Promise.withResolvers<void>();
    calls.push(call);
    await call.promise;
    onLook();
  };
  return { calls, drain };
}

function createClock() {
  let now = 1_000_000;
  return {
    now: () => epochMs(now),
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const eventually = { timeout: 25_000, interval: 5 };

test("the first wake-up looks at once, and a hundred that come with it share one more look", async () => {
  const pace = createPacer(currentTime);
  const { calls, drain } = heldDrain();
  const wakeUps = Array.from({ length: 100 }, () => pace(drain));
  expect(calls).toHaveLength(1);
  await vi.waitFor(() => expect(calls).toHaveLength(2), eventually);
  for (const call of calls) call.resolve();
  await Promise.all(wakeUps);
  expect(calls).toHaveLength(2);
});

test("slow drains hold nobody back until there are four, and then one of them looks again", async () => {
  const clock = createClock();
  const pace = createPacer(clock.now);
  const { calls, drain } = heldDrain();
  const wakeUps = Array.from({ length: wakeUpLimits.drainsMax + 1 }, () => {
    clock.pass(wakeUpLimits.lookMsMin);
    return pace(drain);
  });
  expect(calls).toHaveLength(wakeUpLimits.drainsMax);
  for (const call of calls) call.resolve();
  await vi.waitFor(() => expect(calls).toHaveLength(wakeUpLimits.drainsMax + 1), eventually);
  calls.at(-1)?.resolve();
  await Promise.all(wakeUps);
});

test("what a running drain finds anyway needs no drain of its own", async () => {
  const pace = createPacer(currentTime);
  const woken = Promise.withResolvers<void>();
  const first = pace(async (onLook) => {
    onLook();
    await woken.promise;
    onLook();
  });
  const second = pace(() => Promise.reject(new Error("drained although another drain was to look")));
  woken.resolve();
  await Promise.all([first, second]);
});

test("a wake-up that comes while a drain is ending is not lost", async () => {
  const pace = createPacer(currentTime);
  let due = 1;
  let delivered = 0;
  const drain = async (onLook: () => void) => {
    onLook();
    delivered += due;
    due = 0;
    await Promise.resolve();
  };
  const first = pace(drain);
  due = 1;
  const second = pace(drain);
  await Promise.all([first, second]);
  expect(delivered).toBe(2);
});

test("a wake-up whose event was not visible yet looks once more", async () => {
  const pace = createPacer(currentTime);
  let looks = 0;
  await pace(async (onLook) => {
    onLook();
    looks++;
    await Promise.resolve();
  });
  expect(looks).toBe(2);
});

test("drains that were cut off do not block the isolate for ever", async () => {
  const clock = createClock();
  const pace = createPacer(clock.now);
  const { drain } = heldDrain();
  for (let cutOff = 0; cutOff < wakeUpLimits.drainsMax; cutOff++) {
    clock.pass(wakeUpLimits.lookMsMin);
    void pace(drain);
  }
  clock.pass(wakeUpLimits.drainMsMax + 1);
  let drained = false;
  await pace((onLook) => {
    onLook();
    onLook();
    drained = true;
    return Promise.resolve();
  });
  expect(drained).toBe(true);
});

test("a wake-up that was cut off while it waited for company does not keep others waiting", async () => {
  const clock = createClock();
  const pace = createPacer(clock.now);
  const looks: string[] = [];
  const drainAs = (name: string) => (onLook: () => void) => {
    onLook();
    onLook();
    looks.push(name);
    return Promise.resolve();
  };
  await pace(drainAs("first"));
  void pace(drainAs("cut off"));
  clock.pass(wakeUpLimits.lookMsMin + wakeUpLimits.gatheringMsMax);
  await pace(drainAs("last"));
  expect(looks.slice(0, 2)).toEqual(["first", "last"]);
});
