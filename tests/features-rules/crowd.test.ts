import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { currentTime } from "#core/time";
import { createCrowd, crowdLimits } from "#platform/crowd";

const { insideMax, answerMsMax, insideMsMax, lookMs, waitMsMax } = crowdLimits;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** People who enter one after the other; their names stand in the order in which they came in. */
function createScene() {
  const crowd = createCrowd(currentTime);
  const inside: number[] = [];
  const leaving = new Map<number, () => void>();
  const enter = async (name: number): Promise<void> => {
    leaving.set(name, await crowd.enter());
    inside.push(name);
  };
  const come = (name: number): void => void enter(name);
  return { inside, come, leave: (name: number) => leaving.get(name)?.() };
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

test("as many as there is room for go in at once, and the others wait", async () => {
  const { inside, come } = createScene();
  for (const name of numbers(insideMax + 5)) come(name);
  await vi.advanceTimersByTimeAsync(answerMsMax / 2);
  expect(inside).toEqual(numbers(insideMax));
});

test("whoever leaves makes room for the one who has waited longest", async () => {
  const { inside, come, leave } = createScene();
  for (const name of numbers(insideMax + 3)) come(name);
  await vi.advanceTimersByTimeAsync(0);
  for (const name of [4, 2, 7]) {
    leave(name);
    await vi.advanceTimersByTimeAsync(0);
  }
  expect(inside.slice(insideMax)).toEqual([insideMax, insideMax + 1, insideMax + 2]);
});

test("nobody overtakes those who wait", async () => {
  const { inside, come, leave } = createScene();
  for (const name of numbers(insideMax + 1)) come(name);
  await vi.advanceTimersByTimeAsync(0);
  leave(0);
  come(insideMax + 1);
  await vi.advanceTimersByTimeAsync(0);
  expect(inside.at(-1)).toBe(insideMax);
});

test("those who are never heard of again do not keep the others out", async () => {
  const { inside, come } = createScene();
  for (const name of numbers(insideMax + 1)) come(name);
  await vi.advanceTimersByTimeAsync(insideMsMax - lookMs);
  expect(inside).toHaveLength(insideMax);
  await vi.advanceTimersByTimeAsync(3 * lookMs);
  expect(inside).toHaveLength(insideMax + 1);
});

test("nobody is turned away, however long the others stay", async () => {
  const crowd = createCrowd(currentTime);
  let served = 0;
  const serve = async (): Promise<void> => {
    await crowd.enter();
    served += 1;
  };
  for (const _ of numbers(insideMax * 5)) void serve();
  await vi.advanceTimersByTimeAsync(waitMsMax + 2 * lookMs);
  expect(served).toBe(insideMax * 5);
});
