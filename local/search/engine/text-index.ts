import SearchableMap from "minisearch/SearchableMap";
import { scalarsOf } from "./attribute-path.ts";
import { GrowingList } from "./growing-list.ts";
import { tokenize } from "./tokenizer.ts";

/** Words further into one field share the last position. */
const POSITION_MAX = 65_535;
const PLACES_PER_FIELD = (POSITION_MAX + 1) * 2;

/** Distance between two elements of an array: far enough that no proximity reaches across. */
const ELEMENT_GAP = 8;

/** Where a word occurs: parallel lists of the document and the place within it, see `placeAt`. */
export class Postings {
  readonly documents = new GrowingList();
  readonly places = new GrowingList();

  add(document: number, place: number): void {
    this.documents.push(document);
    this.places.push(place);
  }

  forEach(visit: (document: number, place: number) => void): void {
    for (let index = 0; index < this.documents.length; index += 1) {
      visit(this.documents.at(index), this.places.at(index));
    }
  }
}

/** Packs field, position and whether the word ends its field into one number that orders by field, then position. */
function placeAt(field: number, position: number, isLast: boolean): number {
  return field * PLACES_PER_FIELD + Math.min(position, POSITION_MAX) * 2 + (isLast ? 1 : 0);
}

export function fieldOf(place: number): number {
  return Math.floor(place / PLACES_PER_FIELD);
}

export function positionOf(place: number): number {
  return Math.floor((place % PLACES_PER_FIELD) / 2);
}

export function isLastOfField(place: number): boolean {
  return place % 2 === 1;
}

/** Words to their occurrences. MiniSearch's radix tree answers prefixes and typos, a map answers whole words faster. */
export class TextIndex {
  /** Attribute paths that hold searchable text; the position in this list is the field number of a place. */
  readonly fields: string[] = [];
  readonly #fieldNumbers = new Map<string, number>();
  readonly #words = new Map<string, Postings>();
  readonly #tree = new SearchableMap<Postings>();

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
      });
      position += tokens.length + ELEMENT_GAP;
    }
  }

  whole(word: string): Postings | undefined {
    return this.#words.get(word);
  }

  startingWith(prefix: string): Iterable<[string, Postings]> {
    return this.#tree.atPrefix(prefix);
  }

  /** Words within an edit distance, a swap of two letters counted as two edits. */
  *within(word: string, edits: number): Generator<[word: string, postings: Postings, edits: number]> {
    for (const [found, [postings, distance]] of this.#tree.fuzzyGet(word, edits))
      yield [found, postings, distance];
  }

  #fieldNumber(path: string): number {
    const known = this.#fieldNumbers.get(path);
    if (known !== undefined) return known;
    this.#fieldNumbers.set(path, this.fields.length);
    return this.fields.push(path) - 1;
  }

  #postingsToGrow(word: string): Postings {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    const postings = new Postings();
    this.#words.set(word, postings);
    this.#tree.set(word, postings);
    return postings;
  }
}
