import type { Settings } from "../settings.ts";

/** How many typos a word of the query may hold: none below 5 letters, one below 9, else two, unless set otherwise. */
export function typosAllowed(word: string, { typoTolerance }: Settings): number {
  if (!typoTolerance.enabled || typoTolerance.disableOnWords.includes(word)) return 0;
  if (typoTolerance.disableOnNumbers && /^\p{N}+$/u.test(word)) return 0;
  const letters = Array.from(word).length;
  if (letters >= typoTolerance.minWordSizeForTypos.twoTypos) return 2;
  return letters >= typoTolerance.minWordSizeForTypos.oneTypo ? 1 : 0;
}

/** A wrong first letter weighs two typos, as in Meilisearch: people rarely miss it. */
export function weighFirstLetter(typed: string, found: string, edits: number): number {
  return edits > 0 && typed[0] !== found[0] ? edits + 1 : edits;
}

/** The word with each pair of neighbouring letters swapped: one slip of the fingers, though two edits. */
export function swaps(word: string): string[] {
  const swapped = new Set<string>();
  for (let index = 0; index + 1 < word.length; index += 1) {
    swapped.add(word.slice(0, index) + word.charAt(index + 1) + word.charAt(index) + word.slice(index + 2));
  }
  swapped.delete(word);
  return [...swapped];
}

/** The fewest edits (swaps count one) from `typed` to any beginning of `word`; more than `editsMax` when none is that near. */
export function editsToPrefix(typed: string, word: string, editsMax: number): number {
  const columns = Math.min(word.length, typed.length + editsMax);
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: columns + 1 }, (_, column) => column);
  for (let row = 1; row <= typed.length; row += 1) {
    const current = [row];
    let best = row;
    for (let column = 1; column <= columns; column += 1) {
      const edits = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (typed[row - 1] === word[column - 1] ? 0 : 1),
        swapCost({ typed, word, row, column }, beforePrevious[column - 2]),
      );
      current.push(edits);
      best = Math.min(best, edits);
    }
    if (best > editsMax) return editsMax + 1;
    beforePrevious = previous;
    previous = current;
  }
  return Math.min(...previous);
}

type Corner = { typed: string; word: string; row: number; column: number };

/** The edits when the last two letters of both are swapped, if they are, from those without them. */
export function swapCost({ typed, word, row, column }: Corner, without: number | undefined): number {
  const isSwap =
    row > 1 && column > 1 && typed[row - 1] === word[column - 2] && typed[row - 2] === word[column - 1];
  return isSwap && without !== undefined ? without + 1 : Number.POSITIVE_INFINITY;
}

function at(numbers: readonly number[], index: number): number {
  return numbers[index] ?? Number.POSITIVE_INFINITY;
}
