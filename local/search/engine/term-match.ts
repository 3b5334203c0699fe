import type { Derivation } from "./derivations.ts";
import type { DocumentSet } from "./document-set.ts";
import { type Postings, fieldOf, positionOf } from "./postings.ts";

/** Which fields a search reads, by field number: their rank, or undefined where it does not look. */
export type FieldScope = {
  ranks: readonly (number | undefined)[];
  /** Fields in which only the word itself counts. */
  withoutTypos: ReadonlySet<number>;
};

/** The places of a term in some documents: those of the document with a number in the list from one start to the next. */
export type PlacesOfTerm = { readonly starts: Uint32Array; readonly places: Uint32Array };

const ABSENT = 255;
const NOT_READ = -1;
const POSITIONS_PER_RANK = 65_536;

/** Which documents one term of the query matches, and how well. */
export class TermMatch {
  readonly typosMax: number;
  readonly #derivation: Derivation;
  readonly #ranks: Int32Array;
  readonly #ranksOfTypos: Int32Array;
  readonly #typos: Uint8Array;
  readonly #exact: Uint8Array;
  /** Rank of the best field and the first position in it, among the occurrences with the fewest typos. */
  readonly #best: Uint32Array;
  #count = 0;

  constructor(derivation: Derivation, scope: FieldScope, live: DocumentSet) {
    this.typosMax = derivation.typosMax;
    this.#derivation = derivation;
    this.#ranks = Int32Array.from(scope.ranks, (rank) => rank ?? NOT_READ);
    this.#ranksOfTypos = this.#ranks.map((rank, field) => (scope.withoutTypos.has(field) ? NOT_READ : rank));
    this.#typos = new Uint8Array(live.capacity).fill(ABSENT);
    this.#exact = new Uint8Array(live.capacity);
    this.#best = new Uint32Array(live.capacity);
    for (const source of derivation.sources) this.#read(source, live);
  }

  has(document: number): boolean {
    return this.#typos[document] !== ABSENT;
  }

  typosIn(document: number): number {
    return this.#typos[document] ?? ABSENT;
  }

  isExactIn(document: number): boolean {
    return this.#exact[document] === 1;
  }

  fieldRankIn(document: number): number {
    return (this.#best[document] ?? 0) >>> 16;
  }

  positionIn(document: number): number {
    return (this.#best[document] ?? 0) & (POSITIONS_PER_RANK - 1);
  }

  count(): number {
    return this.#count;
  }

  /** In ascending order. */
  documents(): Uint32Array {
    const documents = new Uint32Array(this.#count);
    let length = 0;
    for (let document = 0; document < this.#typos.length; document += 1) {
      if (this.#typos[document] === ABSENT) continue;
      documents[length] = document;
      length += 1;
    }
    return documents;
  }

  /** How many letters of a word that matches to highlight. */
  lettersOf(word: string): number | undefined {
    const { highlights, beginning } = this.#derivation;
    if (beginning !== undefined && word.startsWith(beginning)) return beginning.length;
    return highlights.get(word);
  }

  /** The places of the best matches within the given documents, which are in ascending order. */
  placesIn(documents: Uint32Array, onlyExact: boolean): PlacesOfTerm {
    const sources = this.#derivation.sources.filter(({ isExact }) => isExact || !onlyExact);
    const cursors = sources.map(({ postings }) => new PostingsCursor(postings));
    const starts = new Uint32Array(documents.length + 1);
    const places: number[] = [];
    for (let ordinal = 0; ordinal < documents.length; ordinal += 1) {
      const document = documents[ordinal] ?? 0;
      for (let number = 0; number < sources.length; number += 1) {
        const typos = sources[number]?.typos ?? 0;
        if (this.#typos[document] !== typos) continue;
        const ranks = typos > 0 ? this.#ranksOfTypos : this.#ranks;
        cursors[number]?.pushPlacesOf(document, ranks, places);
      }
      starts[ordinal + 1] = places.length;
    }
    return { starts, places: Uint32Array.from(places) };
  }

  #read({ postings, typos, isExact }: Derivation["sources"][number], live: DocumentSet): void {
    const [documents, places] = [postings.documents.view(), postings.places.view()];
    const ranks = typos > 0 ? this.#ranksOfTypos : this.#ranks;
    for (let index = 0; index < documents.length; index += 1) {
      const document = documents[index] ?? 0;
      const place = places[index] ?? 0;
      const rank = ranks[fieldOf(place)] ?? NOT_READ;
      if (rank === NOT_READ || !live.has(document)) continue;
      if (isExact) this.#exact[document] = 1;
      const fewest = this.#typos[document] ?? ABSENT;
      if (typos > fewest) continue;
      const merit = rank * POSITIONS_PER_RANK + positionOf(place);
      if (typos < fewest || merit < (this.#best[document] ?? 0)) this.#best[document] = merit;
      this.#typos[document] = typos;
      if (fewest === ABSENT) this.#count += 1;
    }
  }
}

/** Reads a list of occurrences in the order of its documents, skipping most of it where few are asked for. */
class PostingsCursor {
  readonly #documents: Uint32Array;
  readonly #places: Uint32Array;
  #index = 0;

  constructor({ documents, places }: Postings) {
    this.#documents = documents.view();
    this.#places = places.view();
  }

  /** The document comes after the one asked for before. Left out are places in fields that are not read. */
  pushPlacesOf(document: number, ranks: Int32Array, places: number[]): void {
    this.#skipTo(document);
    for (; this.#documents[this.#index] === document; this.#index += 1) {
      const place = this.#places[this.#index] ?? 0;
      if ((ranks[fieldOf(place)] ?? NOT_READ) !== NOT_READ) places.push(place);
    }
  }

  /** Strides twice as far each time, then halves the last stride. */
  #skipTo(document: number): void {
    let stride = 1;
    let low = this.#index;
    while (low + stride < this.#documents.length && (this.#documents[low + stride] ?? 0) < document) {
      low += stride;
      stride *= 2;
    }
    let high = Math.min(low + stride, this.#documents.length);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#documents[middle] ?? 0) < document) low = middle + 1;
      else high = middle;
    }
    this.#index = low;
  }
}
