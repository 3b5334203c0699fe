import type { OptionChoice } from "./list-filters.ts";
import { optionsPerVariantMax } from "./rules.ts";

/**
 * Every set of options that fits the choices: one value of each option that they name. None where they name more
 * options than a variant has.
 */
export function combinationsOf(choices: readonly OptionChoice[]): Record<string, string>[] {
  const valuesByName = Map.groupBy(choices, ({ name }) => name);
  if (valuesByName.size > optionsPerVariantMax) return [];
  return [...valuesByName].reduce<Record<string, string>[]>(
    (combinations, [name, named]) => {
      const values = new Set(named.map(({ value }) => value));
      return combinations.flatMap((combination) =>
        [...values].map((value) => ({ ...combination, [name]: value })),
      );
    },
    [{}],
  );
}
