import { MeilisearchError } from "../meilisearch-error.ts";
import { filterablePatterns, type Settings } from "../settings.ts";
import { AttributeIndex, compareStrings, type ValuePostings } from "./attribute-index.ts";
import { isCovered } from "./attribute-path.ts";
import { DocumentSet } from "./document-set.ts";
import type { Comparison, Filter } from "./filter-parser.ts";
import { fold } from "./tokenizer.ts";

/** What a filter is answered from: the live documents and the inverted index of each filterable attribute. */
export type FilterSource = {
  settings: Settings;
  live: DocumentSet;
  attribute: (path: string) => AttributeIndex | undefined;
};

const NOTHING_INDEXED = new AttributeIndex();

/** The live documents that a filter lets through. Throws `invalid_search_filter` at an attribute that is not filterable. */
export function evaluateFilter(filter: Filter, source: FilterSource): DocumentSet {
  switch (filter.kind) {
    case "and":
      return filter.parts
        .map((part) => evaluateFilter(part, source))
        .reduce((all, part) => all.and(part), source.live);
    case "or":
      return filter.parts
        .map((part) => evaluateFilter(part, source))
        .reduce((any, part) => any.or(part), new DocumentSet(source.live.capacity));
    case "not":
      return source.live.without(evaluateFilter(filter.part, source));
    case "compare":
    case "range":
    case "in":
    case "contains":
    case "starts_with":
    case "exists":
    case "null":
    case "empty":
      return evaluateCondition(filter, source);
  }
}

type Condition = Exclude<Filter, { kind: "and" | "or" | "not" }>;

function evaluateCondition(condition: Condition, source: FilterSource): DocumentSet {
  const attribute = filterableAttribute(condition.attribute, source);
  const holding = (postings: ValuePostings[]) =>
    liveOf(
      source,
      postings.map(({ documents }) => documents.view()),
    );
  switch (condition.kind) {
    case "compare":
      if (condition.comparison === "!=")
        return source.live.without(holding(attribute.equalTo(condition.literal)));
      return holding(compare(attribute, condition.comparison, condition.literal));
    case "range":
      return holding(attribute.between(condition.from, condition.to));
    case "in":
      return holding(condition.literals.flatMap((literal) => attribute.equalTo(literal)));
    case "contains": {
      const part = fold(condition.literal);
      return holding(attribute.stringsWhere((value) => value.includes(part)));
    }
    case "starts_with": {
      const start = fold(condition.literal);
      return holding(attribute.stringsWhere((value) => value.startsWith(start)));
    }
    case "exists":
      return liveOf(source, [attribute.existing.view()]);
    case "null":
      return liveOf(source, [attribute.nulls.view()]);
    case "empty":
      return liveOf(source, [attribute.empties.view()]);
  }
}

function compare(
  index: AttributeIndex,
  comparison: Exclude<Comparison, "!=">,
  literal: string,
): ValuePostings[] {
  if (comparison === "=") return index.equalTo(literal);
  const number = Number(literal);
  if (Number.isNaN(number))
    return index.stringsWhere((value) => holds(compareStrings(value, fold(literal)), comparison));
  switch (comparison) {
    case ">":
      return index.between(nextUp(number), Number.POSITIVE_INFINITY);
    case ">=":
      return index.between(number, Number.POSITIVE_INFINITY);
    case "<":
      return index.between(Number.NEGATIVE_INFINITY, -nextUp(-number));
    case "<=":
      return index.between(Number.NEGATIVE_INFINITY, number);
  }
}

function holds(order: number, comparison: ">" | ">=" | "<" | "<="): boolean {
  if (order === 0) return comparison === ">=" || comparison === "<=";
  return order > 0 ? comparison.startsWith(">") : comparison.startsWith("<");
}

/** The smallest double greater than `number`, so that every comparison is one closed range. */
function nextUp(number: number): number {
  if (number === 0) return Number.MIN_VALUE;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, number);
  bits.setBigInt64(0, bits.getBigInt64(0) + (number > 0 ? 1n : -1n));
  return bits.getFloat64(0);
}

function liveOf(source: FilterSource, lists: Uint32Array[]): DocumentSet {
  const found = new DocumentSet(source.live.capacity);
  for (const list of lists) found.addAll(list);
  return found.and(source.live);
}

function filterableAttribute(path: string, source: FilterSource): AttributeIndex {
  const patterns = filterablePatterns(source.settings);
  if (!isCovered(patterns, path)) {
    throw new MeilisearchError(
      "invalid_search_filter",
      `Attribute \`${path}\` is not filterable. ${availableAttributes("filterable", patterns)}`,
    );
  }
  return source.attribute(path) ?? NOTHING_INDEXED;
}

/** The second sentence of Meilisearch's refusals: what could have been named instead. */
export function availableAttributes(kind: "filterable" | "sortable", names: readonly string[]): string {
  if (names.length === 0) return `This index does not have configured ${kind} attributes.`;
  const subject = kind === "filterable" ? "filterable attribute patterns" : "sortable attributes";
  return `Available ${subject} are: ${names.map((name) => `\`${name}\``).join(", ")}.`;
}
