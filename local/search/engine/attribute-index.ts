import { fold } from "./tokenizer.ts";
import { scalarsOf } from "./attribute-path.ts";
import type { DocumentSet } from "./document-set.ts";
import { GrowingList } from "./growing-list.ts";

/** All documents that hold one value of an attribute, in the order in which they came. */
export type ValuePostings = { label: string; documents: GrowingList };

export type Scalar = string | number;
export type Direction = "asc" | "desc";

const FEW_DOCUMENTS = 2000;

/** The inverted index of one attribute: filters, facets, sorting and `distinct` read it instead of the documents. */
export class AttributeIndex {
  readonly existing = new GrowingList();
  readonly nulls = new GrowingList();
  readonly empties = new GrowingList();
  readonly #numbers = new Map<number, ValuePostings>();
  readonly #strings = new Map<string, ValuePostings>();
  /** First value by document number: what sorting and `distinct` compare. */
  readonly #firsts: (Scalar | undefined)[] = [];
  #orderedNumbers: [number, ValuePostings][] | undefined;
  #orderedStrings: [string, ValuePostings][] | undefined;

  add(document: number, value: unknown): void {
    appendOnce(this.existing, document);
    if (value === null) appendOnce(this.nulls, document);
    if (isEmpty(value)) appendOnce(this.empties, document);
    for (const scalar of scalarsOf(value)) {
      const key = typeof scalar === "number" ? scalar : fold(scalar.trim());
      appendOnce(this.#postingsToGrow(key, String(scalar)).documents, document);
      while (this.#firsts.length < document) this.#firsts.push(undefined);
      if (this.#firsts.length === document) this.#firsts.push(key);
    }
  }

  /** The postings equal to a filter's literal, which may mean a number, a string or both. */
  equalTo(literal: string): ValuePostings[] {
    const number = literal.trim() === "" ? Number.NaN : Number(literal);
    const found = [this.#numbers.get(number), this.#strings.get(fold(literal.trim()))];
    return found.filter((postings) => postings !== undefined);
  }

  /** The postings whose number lies in the closed range. */
  between(from: number, to: number): ValuePostings[] {
    const ordered = this.#numbersInOrder();
    const found: ValuePostings[] = [];
    for (let position = lowerBound(ordered, from); position < ordered.length; position += 1) {
      const entry = ordered[position];
      if (entry === undefined || entry[0] > to) break;
      found.push(entry[1]);
    }
    return found;
  }

  stringsWhere(accepts: (folded: string) => boolean): ValuePostings[] {
    return [...this.#strings].filter(([value]) => accepts(value)).map(([, postings]) => postings);
  }

  firstValueOf(document: number): Scalar | undefined {
    return this.#firsts[document];
  }

  /** How many of `documents` hold each value that is accepted; values that none holds are left out. */
  countValues(
    documents: DocumentSet,
    accepts: (label: string) => boolean = () => true,
  ): {
    values: Map<string, number>;
    numbers: { min: number; max: number } | null;
  } {
    const values = new Map<string, number>();
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (const [number, postings] of this.#numbers) {
      if (!accepts(postings.label)) continue;
      const count = documents.countOf(postings.documents.view());
      if (count === 0) continue;
      values.set(postings.label, count);
      min = Math.min(min, number);
      max = Math.max(max, number);
    }
    for (const postings of this.#strings.values()) {
      if (!accepts(postings.label)) continue;
      const count = documents.countOf(postings.documents.view());
      if (count > 0) values.set(postings.label, (values.get(postings.label) ?? 0) + count);
    }
    return { values, numbers: values.size > 0 && min <= max ? { min, max } : null };
  }

  /** Splits documents into groups of equal value, numbers before strings, those without a value last. */
  *inOrder(documents: Uint32Array, direction: Direction, set: () => DocumentSet): Generator<Uint32Array> {
    if (documents.length <= FEW_DOCUMENTS) yield* this.#sortFew(documents, direction);
    else yield* this.#walkValues(set(), direction);
  }

  *#sortFew(documents: Uint32Array, direction: Direction): Generator<Uint32Array> {
    const sign = direction === "asc" ? 1 : -1;
    const sorted = documents.toSorted(
      (left, right) => compareFirsts(this.#firsts[left], this.#firsts[right], sign) || left - right,
    );
    let start = 0;
    for (let index = 1; index <= sorted.length; index += 1) {
      const isSame =
        index < sorted.length && this.#firsts[sorted[start] ?? 0] === this.#firsts[sorted[index] ?? 0];
      if (isSame) continue;
      yield sorted.subarray(start, index);
      start = index;
    }
  }

  *#walkValues(remaining: DocumentSet, direction: Direction): Generator<Uint32Array> {
    for (const { documents } of this.#valuesInOrder(direction)) {
      const group = new GrowingList();
      const holders = documents.view();
      for (let index = 0; index < holders.length; index += 1) {
        const document = holders[index] ?? 0;
        if (!remaining.has(document)) continue;
        remaining.delete(document);
        group.push(document);
      }
      if (group.length > 0) yield group.view();
    }
    const others = remaining.members();
    if (others.length > 0) yield others;
  }

  *#valuesInOrder(direction: Direction): Generator<ValuePostings> {
    const ordered = [this.#numbersInOrder(), this.#stringsInOrder()];
    for (const values of direction === "asc" ? ordered : ordered.reverse())
      for (let index = 0; index < values.length; index += 1) {
        const entry = direction === "asc" ? values[index] : values[values.length - 1 - index];
        if (entry !== undefined) yield entry[1];
      }
  }

  #postingsToGrow(key: Scalar, label: string): ValuePostings {
    const known = typeof key === "number" ? this.#numbers.get(key) : this.#strings.get(key);
    if (known !== undefined) return known;
    const postings = { label, documents: new GrowingList() };
    if (typeof key === "number") {
      this.#numbers.set(key, postings);
      this.#orderedNumbers = undefined;
    } else {
      this.#strings.set(key, postings);
      this.#orderedStrings = undefined;
    }
    return postings;
  }

  #numbersInOrder(): [number, ValuePostings][] {
    this.#orderedNumbers ??= [...this.#numbers].sort(([left], [right]) => left - right);
    return this.#orderedNumbers;
  }

  #stringsInOrder(): [string, ValuePostings][] {
    this.#orderedStrings ??= [...this.#strings].sort(([left], [right]) => compareStrings(left, right));
    return this.#orderedStrings;
  }
}

/** Orders by code unit, as Meilisearch does: no locale. */
export function compareStrings(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function compareFirsts(left: Scalar | undefined, right: Scalar | undefined, sign: 1 | -1): number {
  if (left === right) return 0;
  if (left === undefined) return 1;
  if (right === undefined) return -1;
  if (typeof left === "number" && typeof right === "number") return (left - right) * sign;
  if (typeof left === "string" && typeof right === "string") return compareStrings(left, right) * sign;
  return typeof left === "number" ? -sign : sign;
}

/** Documents come in ascending order, so a repeated value of one document is the last element. */
function appendOnce(list: GrowingList, document: number): void {
  if (list.length === 0 || list.at(list.length - 1) !== document) list.push(document);
}

function isEmpty(value: unknown): boolean {
  if (value === "" || (Array.isArray(value) && value.length === 0)) return true;
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function lowerBound(ordered: readonly [number, ValuePostings][], from: number): number {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = ordered[middle];
    if (entry !== undefined && entry[0] < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
