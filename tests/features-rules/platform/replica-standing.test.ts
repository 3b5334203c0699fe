import { expect, test } from "vitest";
import { lagOf, nearest } from "../../../src/platform/replica-standing.ts";

test.each([
  ["has come as far as the primary was", { place: 400n, sinceCommitMs: 90_000 }, 0],
  ["has come further", { place: 900n, sinceCommitMs: 3 }, 0],
  ["has not come as far", { place: 399n, sinceCommitMs: 2_100 }, 2_100],
  ["has replayed nothing since it started", { place: 10n, sinceCommitMs: null }, Infinity],
])("a replica that %s lags by its distance in time", (_name, replayed, lag) => {
  expect(lagOf(400n, replayed)).toBe(lag);
});

const nobody = new Set<string>();

test("before anything was measured every replica is asked", () => {
  expect(nearest(["a", "b"], { lags: undefined, out: nobody }, 5_000)).toEqual(["a", "b"]);
});

test("the nearest are asked, and those that are as good share the readers", () => {
  const lags = new Map([
    ["a", 0],
    ["b", 200],
    ["c", 900],
  ]);
  expect(nearest(["a", "b", "c"], { lags, out: nobody }, 5_000)).toEqual(["a", "b"]);
});

test("one that lags too far, gave no answer when measured or failed since is left out", () => {
  const lags = new Map([
    ["far", 5_001],
    ["failed", 0],
    ["fine", 4_900],
  ]);
  const known = { lags, out: new Set(["failed"]) };
  expect(nearest(["far", "silent", "failed", "fine"], known, 5_000)).toEqual(["fine"]);
});

test("when none is near, none is asked", () => {
  expect(nearest(["far"], { lags: new Map([["far", Infinity]]), out: nobody }, 300_000)).toEqual([]);
  expect(nearest([], { lags: undefined, out: nobody }, 5_000)).toEqual([]);
});
