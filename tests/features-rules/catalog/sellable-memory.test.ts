import { describe, expect, test } from "vitest";
import { type EpochMs, epochMs } from "#core/time";
import { createSellableMemory } from "#features/catalog/sellable-memory";

const start = epochMs(1_000_000);
const later = (ms: number): EpochMs => epochMs(start + ms);
const limits = { productsMax: 2, newsMax: 3, lifeMs: 1_000 };

function memoryFrom(time = start) {
  const memory = createSellableMemory<string>(limits);
  memory.beginAnew(time);
  return memory;
}

const tent = (version: string, price: string) => ({
  productId: "tent",
  version,
  variants: new Map([["tent-red", price]]),
});
const named = (name: string) => ({ productId: name, version: "1", variants: new Map([[name, name]]) });

describe("what an isolate has seen of products", () => {
  test("is believed until a newer version is heard of", () => {
    const memory = memoryFrom();
    memory.keep(tent("1", "old"), start);
    memory.hear([{ productId: "tent", version: "1" }]);
    expect(memory.find("tent-red", start)).toBe("old");
    memory.hear([{ productId: "tent", version: "2" }]);
    expect(memory.find("tent-red", start)).toBeUndefined();
  });

  test("is not taken from a copy that is older than what was heard of, however late it comes", () => {
    const memory = memoryFrom();
    memory.hear([{ productId: "tent", version: "2" }]);
    memory.hear([{ productId: "tent", version: "1" }]);
    memory.keep(tent("1", "old"), start);
    expect(memory.find("tent-red", start)).toBeUndefined();
    memory.keep(tent("2", "new"), start);
    expect(memory.find("tent-red", start)).toBe("new");
  });

  test("is not replaced by an older copy", () => {
    const memory = memoryFrom();
    memory.keep(tent("2", "new"), start);
    memory.keep(tent("1", "old"), start);
    expect(memory.find("tent-red", start)).toBe("new");
  });

  test("ends with its life, and with a variant that is gone", () => {
    const memory = memoryFrom();
    memory.keep(tent("1", "old"), start);
    expect(memory.find("tent-red", later(999))).toBe("old");
    expect(memory.find("tent-red", later(1_000))).toBeUndefined();
    memory.keep({ productId: "tent", version: "2", variants: new Map() }, start);
    expect(memory.find("tent-red", start)).toBeUndefined();
  });

  test("is nothing before it begins, and nothing of before when something was missed", () => {
    const unbegun = createSellableMemory<string>(limits);
    unbegun.keep(tent("1", "old"), start);
    expect(unbegun.find("tent-red", start)).toBeUndefined();
    const memory = memoryFrom();
    memory.keep(tent("1", "old"), start);
    memory.beginAnew(later(10));
    expect(memory.find("tent-red", start)).toBeUndefined();
    memory.keep(tent("1", "old"), later(9));
    expect(memory.find("tent-red", later(9))).toBeUndefined();
    memory.keep(tent("1", "still so"), later(10));
    expect(memory.find("tent-red", later(10))).toBe("still so");
  });

  test("has room for so many products; the one kept longest ago goes", () => {
    const memory = memoryFrom();
    for (const name of ["a", "b", "a", "c"]) memory.keep(named(name), start);
    expect(["a", "b", "c"].map((name) => memory.find(name, start))).toEqual(["a", undefined, "c"]);
  });
});
