import type { Derivation } from "./derivations.ts";
import type { DocumentSet } from "./document-set.ts";
import { fieldOf, positionOf } from "./text-index.ts";

/** Which fields a search reads, by field number: their rank, or undefined where it does not look. */
export type FieldScope = {
  ranks: readonly (number | undefined)[];
  /** Fields in which only the word itself counts. */
  withoutTypos: ReadonlySet<number>;
};

const ABSENT = 255;
const POSITIONS_PER_RANK = 65_536;

/** Which documents one term of the query matches, and how well. */
export class TermMatch {
  readonly typosMax: number;
  readonly highlights: ReadonlyMap<string, number>;
  readonly #derivation: Derivation;
  readonly #scope: FieldScope;
  readonly #typos: Uint8Array;
  readonly #exact: Uint8Array;
  /** Rank of the best field and the first position in it, among the occurrences with the fewest typos. */
  readonly #best: Float64Array;

  constructor(derivation: Derivation, scope: FieldScope, live: DocumentSet) {
    this.typosMax = derivation.typosMax;
    this.highlights = derivation.highlights;
    this.#derivation = derivation;
    this.#scope = scope;
    this.#typos = new Uint8Array(live.capacity).fill(ABSENT);
    this.#exact = new Uint8Array(live.capacity);
    this.#best = new Float64Array(live.capacity);
    this.#readSources(live);
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
    return Math.floor((this.#best[document] ?? 0) / POSITIONS_PER_RANK);
  }

  positionIn(document: number): number {
    return (this.#best[document] ?? 0) % POSITIONS_PER_RANK;
  }

  count(): number {
    let count = 0;
    for (const typos of this.#typos) if (typos !== ABSENT) count += 1;
    return count;
  }

  documents(): number[] {
    const documents: number[] = [];
    this.#typos.forEach((typos, document) => {
      if (typos !== ABSENT) documents.push(document);
    });
    return documents;
  }

  /** The places of the best matches within the given documents. One pass over the postings, so ask for many at once. */
  placesIn(documents: DocumentSet, onlyExact: boolean): Map<number, number[]> {
    const places = new Map<number, number[]>();
    for (const { postings, typos, isExact } of this.#derivation.sources) {
      if (onlyExact && !isExact) continue;
      postings.forEach((document, place) => {
        if (!documents.has(document) || this.#typos[document] !== typos) return;
        if (this.#rankOf(place, typos) === undefined) return;
        const known = places.get(document);
        if (known === undefined) places.set(document, [place]);
        else known.push(place);
      });
    }
    return places;
  }

  #readSources(live: DocumentSet): void {
    for (const { postings, typos, isExact } of this.#derivation.sources) {
      postings.forEach((document, place) => {
        const rank = this.#rankOf(place, typos);
        const fewest = this.#typos[document] ?? ABSENT;
        if (rank === undefined || !live.has(document)) return;
        if (isExact) this.#exact[document] = 1;
        if (typos > fewest) return;
        const merit = rank * POSITIONS_PER_RANK + positionOf(place);
        if (typos < fewest || merit < (this.#best[document] ?? 0)) this.#best[document] = merit;
        this.#typos[document] = typos;
      });
    }
  }

  #rankOf(place: number, typos: number): number | undefined {
    const field = fieldOf(place);
    if (typos > 0 && this.#scope.withoutTypos.has(field)) return undefined;
    return this.#scope.ranks[field];
  }
}
