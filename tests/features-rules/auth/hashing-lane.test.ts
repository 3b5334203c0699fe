import { expect, test } from "vitest";
import { epochMs } from "#core/time";
import { createHashingLane, takeTurn } from "#platform/hashing-lane";

const at = (ms: number) => epochMs(1_000_000 + ms);

/** Joins and fails the test when the lane is full. */
function joinAt(lane: ReturnType<typeof createHashingLane>, ms: number) {
  const place = lane.join(at(ms));
  if (place === undefined) throw new Error("the lane is full");
  return place;
}

test("turns come one at a time, in the order of arrival, with a rest in between", () => {
  const lane = createHashingLane();
  const [first, second, third] = [joinAt(lane, 0), joinAt(lane, 1), joinAt(lane, 2)];
  expect(lane.begin(third, at(3))).toBe(false);
  expect(lane.begin(first, at(3))).toBe(true);
  expect(lane.begin(second, at(4))).toBe(false);
  lane.leave(first);
  // The rest begins when somebody looks, for the clock stands still while a request computes.
  expect(lane.begin(second, at(200))).toBe(false);
  expect(lane.begin(second, at(204))).toBe(false);
  expect(lane.begin(second, at(205))).toBe(true);
  lane.leave(second);
  expect(lane.begin(third, at(206))).toBe(false);
  expect(lane.begin(third, at(211))).toBe(true);
});

test("an idle lane lets the next one begin at once", () => {
  const lane = createHashingLane();
  const first = joinAt(lane, 0);
  expect(lane.begin(first, at(0))).toBe(true);
  lane.leave(first);
  expect(lane.begin(joinAt(lane, 1), at(1))).toBe(true);
});

test("the thirty-third who waits is turned away, until somebody gives up", () => {
  const lane = createHashingLane();
  const places = Array.from({ length: 32 }, () => joinAt(lane, 0));
  expect(lane.join(at(1))).toBeUndefined();
  const last = places.at(-1);
  if (last !== undefined) lane.leave(last);
  expect(lane.join(at(1))).toBeDefined();
});

test("a request that was given up blocks neither the turn nor the lane for long", () => {
  const lane = createHashingLane();
  const lost = joinAt(lane, 0);
  expect(lane.begin(lost, at(0))).toBe(true);
  joinAt(lane, 0);
  const patient = joinAt(lane, 0);
  expect(lane.begin(patient, at(2_000))).toBe(false);
  expect(lane.begin(patient, at(3_001))).toBe(true);
});

test("work that fails gives its turn back", async () => {
  const lane = createHashingLane();
  await expect(takeTurn(lane, () => Promise.reject(new Error("no memory")))).rejects.toThrow("no memory");
  expect(await takeTurn(lane, () => Promise.resolve("done"))).toBe("done");
});

test("of fifty at once two never run together, and those beyond the lane are told to come back", async () => {
  const lane = createHashingLane();
  let running = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
    running--;
  };
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => takeTurn(lane, work)));
  const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  expect(most).toBe(1);
  expect(refused).toHaveLength(17);
  for (const error of refused)
    expect(error).toMatchObject({ code: "busy", extras: { retryAfterSeconds: 2 } });
});
