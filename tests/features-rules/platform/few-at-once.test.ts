import { expect, test } from "vitest";
import { fewAtOnce } from "#platform/few-at-once";

/** Work that goes on until it is told to end. */
function openWork() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return { work: () => promise, end: () => resolve("done"), fail: () => reject(new Error("failed")) };
}

test("so many go on at once, and another begins when one has ended or failed", async () => {
  const takingTurns = fewAtOnce({ underWayMax: 2, waitMsMax: 25_000, workMsMax: 60_000 });
  const [first, second] = [openWork(), openWork()];
  const [one, two] = [takingTurns(first.work), takingTurns(second.work)];
  let begun = 0;
  const others = [1, 2].map(() => takingTurns(() => Promise.resolve((begun += 1))));
  expect(begun).toBe(0);
  first.end();
  second.fail();
  await expect(one).resolves.toBe("done");
  await expect(two).rejects.toThrow("failed");
  expect((await Promise.all(others)).toSorted((a, b) => a - b)).toEqual([1, 2]);
});

test("whoever waits too long is told that too much is asked", async () => {
  const takingTurns = fewAtOnce({ underWayMax: 1, waitMsMax: 30, workMsMax: 60_000 });
  const first = openWork();
  const one = takingTurns(first.work);
  await expect(takingTurns(() => Promise.resolve("never"))).rejects.toMatchObject({ code: "busy" });
  first.end();
  await one;
  await expect(takingTurns(() => Promise.resolve("again"))).resolves.toBe("again");
});

test("work that never ends gives its place back", async () => {
  const takingTurns = fewAtOnce({ underWayMax: 1, waitMsMax: 25_000, workMsMax: 30 });
  const lost = openWork();
  const never = takingTurns(lost.work);
  await expect(takingTurns(() => Promise.resolve("after it"))).resolves.toBe("after it");
  lost.end();
  await never;
});
