const BITS = 32;

/** A set of document numbers below `capacity`, one bit each. */
export class DocumentSet {
  readonly capacity: number;
  readonly #words: Uint32Array;

  constructor(capacity: number, words = new Uint32Array(Math.ceil(capacity / BITS))) {
    this.capacity = capacity;
    this.#words = words;
  }

  static of(documents: Iterable<number>, capacity: number): DocumentSet {
    const set = new DocumentSet(capacity);
    for (const document of documents) set.add(document);
    return set;
  }

  add(document: number): void {
    const word = document >>> 5;
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (document & 31));
  }

  delete(document: number): void {
    const word = document >>> 5;
    this.#words[word] = (this.#words[word] ?? 0) & ~(1 << (document & 31));
  }

  has(document: number): boolean {
    return (((this.#words[document >>> 5] ?? 0) >>> (document & 31)) & 1) === 1;
  }

  addAll(documents: Iterable<number>): void {
    for (const document of documents) this.add(document);
  }

  and(other: DocumentSet): DocumentSet {
    return new DocumentSet(
      this.capacity,
      this.#words.map((bits, word) => bits & (other.#words[word] ?? 0)),
    );
  }

  or(other: DocumentSet): DocumentSet {
    return new DocumentSet(
      this.capacity,
      this.#words.map((bits, word) => bits | (other.#words[word] ?? 0)),
    );
  }

  without(other: DocumentSet): DocumentSet {
    return new DocumentSet(
      this.capacity,
      this.#words.map((bits, word) => bits & ~(other.#words[word] ?? 0)),
    );
  }

  /** A copy with room for `capacity` documents; used when an index outgrows its live set. */
  withCapacity(capacity: number): DocumentSet {
    const words = new Uint32Array(Math.ceil(capacity / BITS));
    words.set(this.#words);
    return new DocumentSet(capacity, words);
  }

  /** How many of `documents` are in the set. */
  countOf(documents: Uint32Array): number {
    let count = 0;
    for (let index = 0; index < documents.length; index += 1) if (this.has(documents[index] ?? 0)) count += 1;
    return count;
  }

  count(): number {
    let count = 0;
    for (let index = 0; index < this.#words.length; index += 1) count += bitsIn(this.#words[index] ?? 0);
    return count;
  }

  /** The members in ascending order. */
  members(): Uint32Array {
    const members = new Uint32Array(this.count());
    let length = 0;
    for (let index = 0; index < this.#words.length; index += 1) {
      let bits = this.#words[index] ?? 0;
      while (bits !== 0) {
        const lowest = bits & -bits;
        members[length] = index * BITS + (31 - Math.clz32(lowest));
        length += 1;
        bits ^= lowest;
      }
    }
    return members;
  }
}

/** Bits are counted in pairs, fours and eights, whose sums a multiplication gathers in the highest byte. */
function bitsIn(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
