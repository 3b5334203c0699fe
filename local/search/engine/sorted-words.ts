import { compareStrings } from "./attribute-index.ts";
import { editsToPrefix, swapCost } from "./typos.ts";

/** New words wait until they are so many: sorting them in takes as long as reading all words once. */
const WAITING_MAX = 2_000;

/** Words in order, so that those of one beginning stand together. */
export class SortedWords {
  #sorted: string[] = [];
  #waiting: string[] = [];

  add(word: string): void {
    this.#waiting.push(word);
  }

  startingWith(prefix: string): string[] {
    this.#sortIn();
    const found = this.#waiting.filter((word) => word.startsWith(prefix));
    for (let index = this.#firstFrom(prefix, 0); index < this.#sorted.length; index += 1) {
      const word = this.#sorted[index];
      if (word === undefined || !word.startsWith(prefix)) break;
      found.push(word);
    }
    return found;
  }

  /**
   * Words of the same first letter with a beginning that is within so many edits, and how many. Beginnings that words
   * share are compared once, and whatever follows one that is too far off is skipped.
   */
  near(typed: string, editsMax: number): [word: string, edits: number][] {
    this.#sortIn();
    const first = typed.charAt(0);
    const found: [string, number][] = [];
    for (const word of this.#waiting) {
      if (!word.startsWith(first)) continue;
      const edits = editsToPrefix(typed, word, editsMax);
      if (edits <= editsMax) found.push([word, edits]);
    }
    const comparison = new PrefixComparison(typed, editsMax);
    let index = this.#firstFrom(first, 0);
    while (index < this.#sorted.length) {
      const word = this.#sorted[index] ?? "";
      if (!word.startsWith(first)) break;
      const { edits, tooFar } = comparison.compare(word);
      if (edits <= editsMax) found.push([word, edits]);
      index = tooFar === undefined ? index + 1 : this.#firstFrom(`${tooFar}\uffff`, index);
    }
    return found;
  }

  #firstFrom(text: string, from: number): number {
    let low = from;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareStrings(this.#sorted[middle] ?? "", text) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #sortIn(): void {
    if (this.#waiting.length < WAITING_MAX && this.#sorted.length > 0) return;
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting.sort(compareStrings);
    this.#sorted = [...this.#sorted, ...waiting].sort(compareStrings);
    this.#waiting = [];
  }
}

/** How far what was typed is from the beginnings of words that come in order: rows of shared beginnings are kept. */
class PrefixComparison {
  readonly #typed: string;
  readonly #editsMax: number;
  /** For each number of letters of the word, the edits to each number of letters typed. */
  readonly #rows: number[][];
  /** The fewest edits from all that was typed to a beginning of at most so many letters. */
  readonly #fewest: number[];
  #previous = "";
  #rowsMade = 0;

  constructor(typed: string, editsMax: number) {
    this.#typed = typed;
    this.#editsMax = editsMax;
    this.#rows = [Array.from({ length: typed.length + 1 }, (_, column) => column)];
    this.#fewest = [typed.length];
  }

  /** The edits, more than are allowed when none is near; and the beginning after which nothing is near any more. */
  compare(word: string): { edits: number; tooFar: string | undefined } {
    let shared = 0;
    const sharedMax = Math.min(this.#rowsMade, word.length, this.#previous.length);
    while (shared < sharedMax && word[shared] === this.#previous[shared]) shared += 1;
    this.#previous = word;
    const lettersMax = this.#typed.length + this.#editsMax;
    this.#rowsMade = Math.min(shared, lettersMax);
    while (this.#rowsMade < Math.min(word.length, lettersMax) && !this.#isHopeless()) this.#addRow(word);
    const edits = this.#fewest[this.#rowsMade] ?? Number.POSITIVE_INFINITY;
    const isDecided = this.#rowsMade === lettersMax || this.#isHopeless();
    return { edits, tooFar: isDecided && edits > this.#editsMax ? word.slice(0, this.#rowsMade) : undefined };
  }

  #isHopeless(): boolean {
    return Math.min(...(this.#rows[this.#rowsMade] ?? [])) > this.#editsMax;
  }

  #addRow(word: string): void {
    const letters = this.#rowsMade + 1;
    const above = this.#rows[letters - 1] ?? [];
    const row = [letters];
    for (let column = 1; column <= this.#typed.length; column += 1) {
      const isSame = this.#typed[column - 1] === word[letters - 1];
      row.push(
        Math.min(
          (above[column] ?? Number.POSITIVE_INFINITY) + 1,
          (row[column - 1] ?? Number.POSITIVE_INFINITY) + 1,
          (above[column - 1] ?? Number.POSITIVE_INFINITY) + (isSame ? 0 : 1),
          swapCost(
            { typed: this.#typed, word, row: column, column: letters },
            this.#rows[letters - 2]?.[column - 2],
          ),
        ),
      );
    }
    this.#rows[letters] = row;
    const last = row[this.#typed.length] ?? Number.POSITIVE_INFINITY;
    this.#fewest[letters] = Math.min(this.#fewest[letters - 1] ?? Number.POSITIVE_INFINITY, last);
    this.#rowsMade = letters;
  }
}
