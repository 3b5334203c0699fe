import SearchableMap from "minisearch/SearchableMap";
import { scalarsOf } from "./attribute-path.ts";
import { Postings, placeAt } from "./postings.ts";
import { SortedWords } from "./sorted-words.ts";
import { tokenize } from "./tokenizer.ts";

/** Distance between two elements of an array: far enough that no proximity reaches across. */
const ELEMENT_GAP = 8;

/** A beginning that at least so many words share has its occurrences gathered when it is first asked for. */
const SHARED_BY_MIN = 64;
/** So many beginnings are kept, those asked for longest ago making room. */
const GATHERED_MAX = 500;

/** Where the words that begin in one way occur; the list is long, or it is one of few words. */
export type Beginning = { readonly isGathered: boolean; readonly words: readonly [string, Postings][] };

/** Words to their occurrences. MiniSearch's radix tree answers typos, a sorted list beginnings, a map whole words. */
export class TextIndex {
  /** Attribute paths that hold searchable text; the position in this list is the field number of a place. */
  readonly fields: string[] = [];
  readonly #fieldNumbers = new Map<string, number>();
  readonly #words = new Map<string, Postings>();
  readonly #tree = new SearchableMap<Postings>();
  readonly #sorted = new SortedWords();
  /** What was gathered for common beginnings; documents that come later are added. */
  readonly #gathered = new Map<string, Postings>();
  #lettersGatheredMax = 0;

  add(document: number, path: string, value: unknown): void {
    const texts = scalarsOf(value);
    if (texts.length === 0) return;
    const field = this.#fieldNumber(path);
    let position = 0;
    for (const text of texts) {
      const tokens = tokenize(String(text));
      tokens.forEach(({ word }, index) => {
        const place = placeAt(field, position + index, index === tokens.length - 1);
        this.#postingsToGrow(word).add(document, place);
        for (let letters = 1; letters <= Math.min(word.length, this.#lettersGatheredMax); letters += 1) {
          this.#gathered.get(word.slice(0, letters))?.add(document, place);
        }
      });
      position += tokens.length + ELEMENT_GAP;
    }
  }

  whole(word: string): Postings | undefined {
    return this.#words.get(word);
  }

  /** The words that begin so; where there are many, their occurrences stand together under the beginning. */
  startingWith(prefix: string): Beginning {
    const gathered = this.#gathered.get(prefix);
    if (gathered !== undefined) return this.#keep(prefix, gathered);
    const words = this.#sorted.startingWith(prefix).map((word) => this.#entryOf(word));
    if (words.length < SHARED_BY_MIN) return { isGathered: false, words };
    return this.#keep(prefix, Postings.gathered(words.map(([, postings]) => postings)));
  }

  /** Words with a beginning within an edit distance (a swap of two letters counts one), from the same first letter on. */
  withinBeginning(typed: string, edits: number): [word: string, postings: Postings, edits: number][] {
    return this.#sorted.near(typed, edits).map(([word, distance]) => [...this.#entryOf(word), distance]);
  }

  /** Words within an edit distance, a swap of two letters counted as two edits. */
  *within(word: string, edits: number): Generator<[word: string, postings: Postings, edits: number]> {
    for (const [found, [postings, distance]] of this.#tree.fuzzyGet(word, edits))
      yield [found, postings, distance];
  }

  #keep(prefix: string, postings: Postings): Beginning {
    this.#gathered.delete(prefix);
    this.#gathered.set(prefix, postings);
    this.#lettersGatheredMax = Math.max(this.#lettersGatheredMax, prefix.length);
    const [oldest] = this.#gathered.keys();
    if (this.#gathered.size > GATHERED_MAX && oldest !== undefined) this.#gathered.delete(oldest);
    return { isGathered: true, words: [[prefix, postings]] };
  }

  #fieldNumber(path: string): number {
    const known = this.#fieldNumbers.get(path);
    if (known !== undefined) return known;
    this.#fieldNumbers.set(path, this.fields.length);
    return this.fields.push(path) - 1;
  }

  #entryOf(word: string): [string, Postings] {
    return [word, this.#words.get(word) ?? new Postings()];
  }

  #postingsToGrow(word: string): Postings {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    const postings = new Postings();
    this.#words.set(word, postings);
    this.#tree.set(word, postings);
    this.#sorted.add(word);
    return postings;
  }
}
