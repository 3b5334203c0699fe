import { expect, test } from "vitest";
import { TextIndex } from "#local/search/engine/text-index";
import { editsToPrefix } from "#local/search/engine/typos";

/** Numbers from 0 to below 1 that are the same for each seed. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Few letters, so that many words share beginnings and are near each other. */
function wordMaker(random: () => number): () => string {
  return () =>
    Array.from({ length: 1 + Math.floor(random() * 7) }, () => "abcd".charAt(Math.floor(random() * 4))).join(
      "",
    );
}

/** The documents in which a beginning occurs, with how often. */
function occurrencesIn(text: TextIndex, beginning: string): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const [, { documents }] of text.startingWith(beginning).words)
    for (const document of documents.view()) counts[document] = (counts[document] ?? 0) + 1;
  return counts;
}

const beginnings = ["a", "b", "ab", "abc", "dcba", "abcd", "ddddddd", "x"];

test.each([1, 2, 3])(
  "beginnings occur where their words do, in documents of before and after (seed %i)",
  (seed) => {
    const random = numbersFrom(seed);
    const makeWord = wordMaker(random);
    const text = new TextIndex();
    const written: string[][] = [];
    for (let round = 0; round < 4; round += 1) {
      for (let count = 0; count < 700; count += 1) {
        const words = Array.from({ length: 1 + Math.floor(random() * 5) }, makeWord);
        text.add(written.push(words) - 1, "title", words.join(" "));
      }
      for (const beginning of beginnings) {
        const expected = written.flatMap((words, document) => {
          const count = words.filter((word) => word.startsWith(beginning)).length;
          return count === 0 ? [] : [[document, count] as const];
        });
        expect(occurrencesIn(text, beginning), beginning).toEqual(Object.fromEntries(expected));
      }
    }
    expect(text.startingWith("a").isGathered).toBe(true);
  },
);

test.each([4, 5, 6])(
  "words with a beginning near what was typed are those that comparing each finds (seed %i)",
  (seed) => {
    const random = numbersFrom(seed);
    const makeWord = wordMaker(random);
    const text = new TextIndex();
    const written = new Set<string>();
    for (let document = 0; document < 6_000; document += 1) {
      const word = makeWord();
      written.add(word);
      text.add(document, "title", word);
    }
    for (const edits of [1, 2])
      for (const typed of ["abca", "dbcabd", "ccccdddd", "a", makeWord(), makeWord()]) {
        const expected = [...written]
          .filter((word) => word.startsWith(typed.charAt(0)))
          .map((word) => [word, editsToPrefix(typed, word, edits)] as const)
          .filter(([, distance]) => distance <= edits);
        const found = text
          .withinBeginning(typed, edits)
          .map(([word, , distance]) => [word, distance] as const);
        expect(new Map(found), typed).toEqual(new Map(expected));
        expect(found, typed).toHaveLength(expected.length);
      }
  },
);
