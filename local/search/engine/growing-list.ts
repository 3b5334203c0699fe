const INITIAL_CAPACITY = 4;

/** A list of unsigned 32-bit numbers that doubles its room as it grows. Postings live in these: half the memory of an array. */
export class GrowingList {
  length = 0;
  #numbers = new Uint32Array(INITIAL_CAPACITY);

  push(value: number): void {
    if (this.length === this.#numbers.length) {
      const larger = new Uint32Array(this.#numbers.length * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.length] = value;
    this.length += 1;
  }

  at(index: number): number {
    const value = this.#numbers[index];
    if (value === undefined || index >= this.length) throw new RangeError(`No element ${index}.`);
    return value;
  }

  /** The elements, without a copy; stale after the next push. */
  view(): Uint32Array {
    return this.#numbers.subarray(0, this.length);
  }

  /** Takes these elements, of which there are some, for its own. */
  replace(numbers: Uint32Array<ArrayBuffer>): void {
    this.#numbers = numbers;
    this.length = numbers.length;
  }
}
