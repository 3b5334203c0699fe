import { filterablePatterns, type Settings } from "../settings.ts";
import { AttributeIndex } from "./attribute-index.ts";
import { type Document, isCovered, visitAttributes } from "./attribute-path.ts";
import { DocumentSet } from "./document-set.ts";
import { evaluateFilter } from "./filter-evaluator.ts";
import { parseFilter } from "./filter-parser.ts";
import { GrowingList } from "./growing-list.ts";
import { TextIndex } from "./text-index.ts";

const INITIAL_CAPACITY = 1024;

/** Below this many replaced documents a rebuild is not worth its time. */
const DEAD_TOLERATED = 5000;

type Role = { isSearchable: boolean; isIndexed: boolean };

/** One index in memory. Documents are numbers here; a replaced document gets a new number and the old one is dead. */
export class SearchIndex {
  settings: Settings;
  readonly text = new TextIndex();
  live = new DocumentSet(INITIAL_CAPACITY);
  readonly #ids: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #attributes = new Map<string, AttributeIndex>();
  readonly #roles = new Map<string, Role>();
  readonly #shapes = new Map<string, number>();
  readonly #shapeNames: string[] = [];
  readonly #shapeCounts: number[] = [];
  readonly #shapeOf = new GrowingList();

  constructor(settings: Settings) {
    this.settings = settings;
  }

  get size(): number {
    return this.#numbers.size;
  }

  /** True once so many documents are dead that a rebuild would halve the memory. */
  get isWasteful(): boolean {
    const dead = this.#ids.length - this.size;
    return dead > DEAD_TOLERATED && dead > this.size;
  }

  add(id: string, document: Document): void {
    this.remove(id);
    const number = this.#ids.push(id) - 1;
    if (number >= this.live.capacity) this.live = this.live.withCapacity(this.live.capacity * 2);
    this.live.add(number);
    this.#numbers.set(id, number);
    this.#countShape(document);
    visitAttributes(document, (path, value) => {
      const role = this.#roleOf(path);
      if (role.isSearchable) this.text.add(number, path, value);
      if (role.isIndexed) this.#attributeToGrow(path).add(number, value);
    });
  }

  remove(id: string): boolean {
    const number = this.#numbers.get(id);
    if (number === undefined) return false;
    this.#numbers.delete(id);
    this.live.delete(number);
    const shape = this.#shapeOf.at(number);
    this.#shapeCounts[shape] = (this.#shapeCounts[shape] ?? 0) - 1;
    return true;
  }

  has(id: string): boolean {
    return this.#numbers.has(id);
  }

  idOf(document: number): string {
    const id = this.#ids[document];
    if (id === undefined) throw new RangeError(`No document has the number ${document}.`);
    return id;
  }

  attribute(path: string): AttributeIndex | undefined {
    return this.#attributes.get(path);
  }

  attributePaths(): string[] {
    return [...this.#attributes.keys()];
  }

  /** The live documents that a filter expression lets through: all of them without one. */
  filter(expression: unknown): DocumentSet {
    const filter = parseFilter(expression);
    if (filter === undefined) return this.live;
    return evaluateFilter(filter, {
      settings: this.settings,
      live: this.live,
      attribute: (path) => this.attribute(path),
    });
  }

  /** How many live documents have each top-level field. */
  fieldDistribution(): Record<string, number> {
    const distribution: Record<string, number> = {};
    this.#shapeNames.forEach((shape, number) => {
      const count = this.#shapeCounts[number] ?? 0;
      if (count === 0) return;
      for (const field of shape.split("\u0000")) distribution[field] = (distribution[field] ?? 0) + count;
    });
    return distribution;
  }

  /** A change of settings that changes a role rebuilds the index, so roles are worked out once. */
  #roleOf(path: string): Role {
    const known = this.#roles.get(path);
    if (known !== undefined) return known;
    const role = {
      isSearchable: isCovered(this.settings.searchableAttributes, path),
      isIndexed: isCovered(indexedPatterns(this.settings), path),
    };
    this.#roles.set(path, role);
    return role;
  }

  #countShape(document: Document): void {
    const name = Object.keys(document).join("\u0000");
    const known = this.#shapes.get(name);
    const shape = known ?? this.#shapeNames.push(name) - 1;
    if (known === undefined) this.#shapes.set(name, shape);
    this.#shapeCounts[shape] = (this.#shapeCounts[shape] ?? 0) + 1;
    this.#shapeOf.push(shape);
  }

  #attributeToGrow(path: string): AttributeIndex {
    const known = this.#attributes.get(path);
    if (known !== undefined) return known;
    const attribute = new AttributeIndex();
    this.#attributes.set(path, attribute);
    return attribute;
  }
}

/** Whether a change of settings means reading every document again. */
export function needsRebuild(before: Settings, after: Settings): boolean {
  const shape = (settings: Settings) =>
    JSON.stringify([[...settings.searchableAttributes].sort(), [...indexedPatterns(settings)].sort()]);
  return shape(before) !== shape(after);
}

function indexedPatterns(settings: Settings): string[] {
  return [
    ...filterablePatterns(settings),
    ...settings.sortableAttributes,
    ...(settings.distinctAttribute === null ? [] : [settings.distinctAttribute]),
    ...settings.rankingRules.flatMap((rule) =>
      rule.includes(":") ? [rule.slice(0, rule.lastIndexOf(":"))] : [],
    ),
  ];
}
