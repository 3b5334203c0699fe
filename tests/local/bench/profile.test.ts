import { describe, expect, test } from "vitest";
import { describeProfile, summariseProfile } from "../../../local/bench/profile.ts";

/** Line 0 of the bundle: column 0 is `placeOrder` of our own sources, column 10 zod's `parse`. */
const sourceMap = JSON.stringify({
  version: 3,
  sources: ["../../../../src/features/orders/place-order.ts", "../../../zod/v4/core/parse.js"],
  names: ["placeOrder", "parse"],
  mappings: "AAAAA,UCAAC",
});

function frame(functionName: string, columnNumber?: number) {
  const isBundled = columnNumber !== undefined;
  return { functionName, url: isBundled ? "worker.js" : "", lineNumber: 0, columnNumber: columnNumber ?? -1 };
}

/** An order that was placed in 4 ms, 3 of which went to zod, and 1 ms of idleness. */
const profile = {
  nodes: [
    { id: 1, callFrame: frame("(root)"), children: [2, 5] },
    { id: 2, callFrame: frame("a", 0), children: [3] },
    { id: 3, callFrame: frame("b", 10), children: [4] },
    { id: 4, callFrame: frame("a", 0), children: [] },
    { id: 5, callFrame: frame("(idle)"), children: [] },
  ],
  samples: [2, 3, 4, 5],
  timeDeltas: [500, 3000, 500, 1000],
};

describe("the profile of an operation", () => {
  const summary = summariseProfile(profile, sourceMap);

  test("tells idle time from work", () => {
    expect(summary).toMatchObject({ busyMs: 4, idleMs: 1 });
  });

  test("names functions as the sources do, wherever they were called from", () => {
    expect(summary.bySelf).toEqual([
      { name: "parse  zod/v4/core/parse.js", ms: 3 },
      { name: "placeOrder  src/features/orders/place-order.ts", ms: 1 },
    ]);
  });

  test("adds up packages, and our own layers", () => {
    expect(summary.bySource).toEqual([
      { name: "zod", ms: 3 },
      { name: "src/features", ms: 1 },
    ]);
  });

  test("gives a function of ours what it called, and counts its recursion once", () => {
    expect(summary.byTotal).toEqual([{ name: "placeOrder  src/features/orders/place-order.ts", ms: 4 }]);
  });

  test("divides by the operations", () => {
    expect(describeProfile(summary, 2)).toContain("2 operations, 2.00 ms each");
    expect(describeProfile(summary, 2)).toContain("1.50 ms  75.0 %  zod");
  });
});
