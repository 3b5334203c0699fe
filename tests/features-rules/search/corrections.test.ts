import { assert, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { closestWord, editsBetween } from "#features/search/corrections";

describe("edits between two words", () => {
  test.each([
    ["jacket", "jacket", 0],
    ["jaket", "jacket", 1],
    ["jakcet", "jacket", 1],
    ["tnt", "tent", 1],
    ["", "abc", 3],
    ["kitten", "sitting", 3],
  ])("%s, %s: %i", (left, right, edits) => {
    expect(editsBetween(left, right)).toBe(edits);
  });

  test("are the same both ways, and none only between equal words", () => {
    const word = string({ maxLength: 8 });
    assert(
      property(word, word, (left, right) => {
        const edits = editsBetween(left, right);
        expect(edits).toBe(editsBetween(right, left));
        expect(edits === 0).toBe(left === right);
        expect(edits).toBeLessThanOrEqual(Math.max(left.length, right.length));
      }),
    );
  });
});

describe("the word that was meant", () => {
  const texts = ["Rain Jacket", "Down Jacket", "Racket", "Wool Éclair Socks"];

  test.each([
    ["jakkett", "jacket"],
    ["sokcs", "socks"],
    ["eclaire", "eclair"],
  ])("%s: %s", (typed, meant) => {
    expect(closestWord(typed, texts)).toBe(meant);
  });

  test("of two that are as near is the more frequent", () => {
    expect(closestWord("packet", ["Jacket", "Racket", "Jacket"])).toBe("jacket");
  });

  test("is none when nothing is near, or too little was typed", () => {
    expect(closestWord("helicopter", texts)).toBeUndefined();
    expect(closestWord("ra", ["rat"])).toBeUndefined();
  });
});
