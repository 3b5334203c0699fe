import { readCategories } from "#features/catalog/read-categories";
import type { CategoryNode } from "#features/catalog/schema";
import type { Context } from "#platform/context";
import type { FacetWire } from "./schema.ts";

/** Gives the values of a category facet, which are handles, the categories' titles. */
export async function nameCategories(
  context: Context,
  facets: Readonly<Record<string, FacetWire>>,
): Promise<Record<string, FacetWire>> {
  const { category } = facets;
  if (category === undefined) return facets;
  const titles = titlesOf(await readCategories(context));
  const values = category.values.map((each) => {
    const title = titles.get(each.value);
    return title === undefined ? each : { ...each, title };
  });
  return { ...facets, category: { ...category, values } };
}

const titlesOfForests = new WeakMap<readonly CategoryNode[], ReadonlyMap<string, string>>();

/** Made once for a tree, which memory gives again and again. */
function titlesOf(forest: readonly CategoryNode[]): ReadonlyMap<string, string> {
  const titles = titlesOfForests.get(forest) ?? titlesByHandle(forest);
  titlesOfForests.set(forest, titles);
  return titles;
}

function titlesByHandle(nodes: readonly CategoryNode[], titles = new Map<string, string>()) {
  for (const { handle, title, children } of nodes) {
    titles.set(handle, title);
    titlesByHandle(children, titles);
  }
  return titles;
}
