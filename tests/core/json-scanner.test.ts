import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type JsonFault, JsonScanner } from "#core/json-scanner";

const limits = {
  depthMax: 20,
  keysMax: 2_000,
  keyCharactersMax: 256,
  stringCharactersMax: 60_000,
  arrayItemsMax: 1_000,
  numberCharactersMax: 64,
};

/** Scans the text in pieces of so many bytes. */
function scan(text: string, pieceBytes = 7): JsonFault | undefined {
  const scanner = new JsonScanner(limits);
  const bytes = new TextEncoder().encode(text);
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    const fault = scanner.push(bytes.subarray(start, start + pieceBytes));
    if (fault !== undefined) return fault;
  }
  return scanner.end();
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const storable = (text: string) => text.isWellFormed() && !text.includes("\0");

test("whatever JSON.stringify writes passes, in pieces of any size", () => {
  const json = fc.jsonValue({ maxDepth: 6, stringUnit: "binary" });
  const pieces = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(json, pieces, fc.constantFrom(undefined, 1, "\t"), (value, pieceBytes, space) => {
      const text = JSON.stringify(value, undefined, space);
      fc.pre(storable(text) && !text.includes("\\u0000") && !/\\ud[89a-f]/.test(text));
      expect(scan(text, pieceBytes)).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});

test("what passes is JSON, whatever was done to it", () => {
  const fragment = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    "\\",
    " ",
    "\n",
    "-",
    "+",
    ".",
    "0",
    "1",
    "9",
    "e",
    "true",
    "null",
    '"a"',
    "\\u00e9",
    "\\ud83d\\ude00",
    "é",
  );
  const text = fc.array(fragment, { maxLength: 14 }).map((parts) => parts.join(""));
  let passed = 0;
  fc.assert(
    fc.property(text, (candidate) => {
      if (scan(candidate) !== undefined) return;
      passed++;
      expect(isJson(candidate)).toBe(true);
    }),
    { numRuns: 20_000 },
  );
  expect(passed).toBeGreaterThan(100);
});

test("what is JSON passes, or is refused for a reason that JSON.parse does not know", () => {
  const fragment = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"a"',
    '"b"',
    "1",
    "-0.5e+3",
    "true",
    " ",
    "\n",
  );
  const text = fc.array(fragment, { maxLength: 9 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, (candidate) => {
      if (!isJson(candidate)) return;
      const fault = scan(candidate, 1);
      if (fault !== undefined) expect(fault.detail).toBe("An object has this name twice.");
    }),
    { numRuns: 20_000 },
  );
});

describe("a text that is no JSON", () => {
  test.each([
    ['{"a":}', 5],
    ['{"a" 1}', 5],
    ["[1,]", 3],
    ["[1 2]", 3],
    ["{a:1}", 1],
    ['{"a":1,}', 7],
    ["[}", 1],
    ['{"a":01}', 7],
    ['"\\x"', 2],
    ['"\\u12g4"', 6],
    ["1 2", 2],
    ["", 0],
    ['{"a":', 5],
    ['"open', 5],
    ["nul", 3],
    ["\uFEFF{}", 0],
  ])("%j is refused at byte %i", (text, byte) => {
    expect(scan(text)).toMatchObject({ kind: "malformed", byte });
  });

  test("is refused with its line and column", () => {
    expect(scan('{\n  "a": 1,\n  "b": oops\n}')).toMatchObject({ line: 3, column: 12 });
  });

  test.each(['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '[{"x":{"é":1,"é":1}}]'])(
    "%j is refused, for a name comes once an object",
    (text) => {
      expect(scan(text)).toMatchObject({ kind: "malformed", detail: "An object has this name twice." });
    },
  );

  test("the same name in two objects is no repetition", () => {
    expect(scan('[{"a":1},{"a":{"a":1}}]')).toBeUndefined();
  });

  test.each(['"\\u0000"', '"\\ud800"', '"\\udc00"', '"\\ud800x"', '"\\ud800\\n"', '{"\\ud800":1}'])(
    "%j is refused, for it cannot be stored",
    (text) => {
      expect(scan(text)).toMatchObject({ kind: "limit" });
    },
  );
});

describe("a limit", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  const object = (keys: number) =>
    `{${Array.from({ length: keys }, (_, index) => `"k${index}":0`).join(",")}}`;
  test.each([
    ["depth", nested(limits.depthMax), nested(limits.depthMax + 1)],
    ["keys", object(limits.keysMax), object(limits.keysMax + 1)],
    ["items", `[${"1,".repeat(limits.arrayItemsMax - 1)}1]`, `[${"1,".repeat(limits.arrayItemsMax)}1]`],
    [
      "a string",
      `"${"é".repeat(limits.stringCharactersMax)}"`,
      `"${"é".repeat(limits.stringCharactersMax)}a"`,
    ],
    ["a name", `{"${"a".repeat(256)}":1}`, `{"${"a".repeat(257)}":1}`],
    ["a number", "1".repeat(64), "1".repeat(65)],
  ])("of %s lets the largest through and refuses one more", (_, largest, oneMore) => {
    expect(scan(largest)).toBeUndefined();
    expect(scan(oneMore)).toMatchObject({ kind: "limit" });
  });

  test("is noticed before the rest of the text is looked at", () => {
    const scanner = new JsonScanner(limits);
    const bomb = new TextEncoder().encode("[".repeat(60_000));
    expect(scanner.push(bomb)).toMatchObject({ kind: "limit", byte: limits.depthMax });
  });
});
