import type { Currency } from "#core/money";
import { optionAttribute } from "./document.ts";
import { setsAskedFor } from "./option-sets.ts";
import { comparedCurrency } from "./rules.ts";
import type { SearchFilters } from "./schema.ts";

/** What one filter asks for in the index's filter language, and the facet that it narrows. */
export type FilterGroup = { readonly facet: string; readonly expression: string };

/**
 * One group for each filter that is on, or all but that of one facet; all of them must hold. Options and stock hold of
 * one and the same variant. Clients' texts appear only as quoted literals.
 */
export function filterGroups(
  filters: SearchFilters,
  shopCurrency: Currency,
  without?: string,
): FilterGroup[] {
  const { category, brand, tag, price_min, price_max, rating_min, in_stock } = filters;
  const currency = comparedCurrency(filters, shopCurrency);
  const groups: FilterGroup[] = [];
  const add = (facet: string, expression: string) => {
    if (facet !== without) groups.push({ facet, expression });
  };
  const chosen = new Map([...chosenOptions(filters)].filter(([attribute]) => attribute !== without));
  const sets = listOf(setsAskedFor(namedByOption(chosen)));
  if (category !== undefined)
    add("category", `category_handles IN ${listOf(category)} OR category_ids IN ${listOf(category)}`);
  if (brand !== undefined) add("brand", `brand IN ${listOf(brand)}`);
  if (tag !== undefined) add("tags", `tags IN ${listOf(tag)}`);
  if (currency !== undefined) add("currency", `currency = ${literal(currency)}`);
  if (rating_min !== undefined) add("rating", `rating >= ${rating_min}`);
  if (in_stock !== undefined) add("in_stock", stockExpression(in_stock, sets));
  if (price_min !== undefined || price_max !== undefined)
    add("price", `prices ${price_min ?? 0} TO ${price_max ?? Number.MAX_SAFE_INTEGER}`);
  for (const [attribute, values] of chosen) add(attribute, `${literal(attribute)} IN ${listOf(values)}`);
  if (chosen.size > 1 && sets !== noneOf) add("variant", `option_sets IN ${sets}`);
  return groups;
}

const noneOf = "[]";

function stockExpression(inStock: boolean, sets: string): string {
  if (sets === noneOf) return `in_stock = ${inStock}`;
  return `option_sets_in_stock ${inStock ? "IN" : "NOT IN"} ${sets}`;
}

function namedByOption(chosen: ReadonlyMap<string, readonly string[]>): Map<string, readonly string[]> {
  return new Map([...chosen].map(([attribute, values]) => [attribute.slice("options.".length), values]));
}

/** The values asked for by the option's attribute, such as `options.Colour`: one of each option must hold. */
export function chosenOptions({ option = [] }: Pick<SearchFilters, "option">): Map<string, string[]> {
  const chosen = new Map<string, string[]>();
  for (const { name, value } of option) {
    const attribute = optionAttribute(name);
    chosen.set(attribute, [...(chosen.get(attribute) ?? []), value]);
  }
  return chosen;
}

function listOf(texts: readonly string[]): string {
  return `[${texts.map(literal).join(", ")}]`;
}

/**
 * A quoted literal. The backslash is escaped as well, or a text that ends in one would open the quotes; Meilisearch
 * keeps both backslashes then, so that a text with one finds nothing, which is safe.
 */
function literal(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
