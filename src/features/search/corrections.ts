/** How many slips of the fingers may lie between what was typed and what was meant, by the letters typed. */
const editsAllowed = [
  { fromLetters: 3, edits: 1 },
  { fromLetters: 5, edits: 2 },
  { fromLetters: 9, edits: 3 },
] as const;

/** Lower case without accents: how words are compared. */
export function folded(text: string): string {
  return text.toLowerCase().normalize("NFD").replaceAll(/\p{M}/gu, "");
}

/** The words of a text, folded. */
export function wordsOfText(text: string): string[] {
  return folded(text).match(/[\p{L}\p{N}]+/gu) ?? [];
}

/**
 * The word of these texts that was most likely meant: the fewest edits away, and of those the most frequent. Undefined
 * when none is near.
 */
export function closestWord(typed: string, texts: readonly string[]): string | undefined {
  const word = folded(typed);
  const editsMax = editsAllowed.findLast(({ fromLetters }) => word.length >= fromLetters)?.edits ?? 0;
  const frequencies = new Map<string, number>();
  for (const found of texts.flatMap(wordsOfText)) frequencies.set(found, (frequencies.get(found) ?? 0) + 1);
  let best: { found: string; edits: number; frequency: number } | undefined;
  for (const [found, frequency] of frequencies) {
    if (Math.abs(found.length - word.length) > editsMax) continue;
    const edits = editsBetween(word, found);
    if (edits === 0 || edits > editsMax) continue;
    const isBetter =
      best === undefined || edits < best.edits || (edits === best.edits && frequency > best.frequency);
    if (isBetter) best = { found, edits, frequency };
  }
  return best?.found;
}

/** Letters to add, drop, change or swap with a neighbour, until one word is the other (optimal string alignment). */
export function editsBetween(left: string, right: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1];
      const isSwap = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current.push(
        Math.min(
          at(previous, column) + 1,
          at(current, column - 1) + 1,
          at(previous, column - 1) + (isSame ? 0 : 1),
          isSwap ? at(beforePrevious, column - 2) + 1 : Infinity,
        ),
      );
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, right.length);
}

function at(distances: readonly number[], column: number): number {
  return distances[column] ?? Infinity;
}
