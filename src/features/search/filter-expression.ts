import type { Currency } from "#core/money";
import { optionAttribute } from "./document.ts";
import { comparedCurrency } from "./rules.ts";
import type { SearchFilters } from "./schema.ts";

/** What one filter asks for in the index's filter language, and the facet that it narrows. */
export type FilterGroup = { readonly facet: string; readonly expression: string };

/** One group for each filter that is on; all of them must hold. Clients' texts appear only as quoted literals. */
export function filterGroups(filters: SearchFilters, shopCurrency: Currency): FilterGroup[] {
  const { category, brand, tag, price_min, price_max, rating_min, in_stock } = filters;
  const currency = comparedCurrency(filters, shopCurrency);
  const groups: FilterGroup[] = [];
  const add = (facet: string, expression: string) => groups.push({ facet, expression });
  if (category !== undefined)
    add("category", `category_handles IN ${listOf(category)} OR category_ids IN ${listOf(category)}`);
  if (brand !== undefined) add("brand", `brand IN ${listOf(brand)}`);
  if (tag !== undefined) add("tags", `tags IN ${listOf(tag)}`);
  if (currency !== undefined) add("currency", `currency = ${literal(currency)}`);
  if (rating_min !== undefined) add("rating", `rating >= ${rating_min}`);
  if (in_stock !== undefined) add("in_stock", `in_stock = ${in_stock}`);
  if (price_min !== undefined || price_max !== undefined)
    add("price", `prices ${price_min ?? 0} TO ${price_max ?? Number.MAX_SAFE_INTEGER}`);
  for (const [attribute, values] of chosenOptions(filters))
    add(attribute, `${literal(attribute)} IN ${listOf(values)}`);
  return groups;
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
