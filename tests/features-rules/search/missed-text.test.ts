import { describe, expect, test } from "vitest";
import { missedText } from "#features/search/missed-text";

describe("words of a search in vain", () => {
  test.each([
    ["  Paddle   BOARD ", "paddle board"],
    ['"rain cape"', "rain cape"],
    ["iPhone 15", "iphone 15"],
    ["9.8 mm rope", "9.8 mm rope"],
    ["kayak 2 paddles 2024", "kayak 2 paddles 2024"],
    ["Ｔｅｎｔ", "tent"],
  ])("%j is kept as %j", (typed, kept) => {
    expect(missedText(typed)).toBe(kept);
  });

  test.each([
    "",
    "!?",
    "someone@example.com",
    "someone @ example",
    "+351 912 345 678",
    "(030) 1234-567",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "order 01234567",
    "born 12.03.1984",
    "٠١٢٣٤٥٦٧",
    "https://example.com/x",
    "www.example.com",
    "a b c d e f g h i",
    "x".repeat(31),
  ])("%j is not kept", (typed) => {
    expect(missedText(typed)).toBeUndefined();
  });
});
