import { optionsPerVariantMax } from "#features/catalog/rules";

/** Characters of a set's text; Meilisearch tells longer values from one another no more. */
const setCharactersMax = 400;

type Choice = readonly [name: string, value: string];

/** Options of one variant as one text that can be filtered by, however they are ordered: `colour⇒red‖size⇒m`. */
function setOf(choices: readonly Choice[]): string {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[⇒‖]/g, " ");
  return choices
    .map(([name, value]) => `${plain(name)}⇒${plain(value)}`)
    .toSorted()
    .join("‖");
}

/** Every set of a variant's options that can be asked for, by names as the index knows them. */
export function setsOfVariant(options: Readonly<Record<string, string>>): string[] {
  const subsets: Choice[][] = [[]];
  for (const choice of Object.entries(options).slice(0, optionsPerVariantMax))
    for (const subset of subsets.slice()) subsets.push([...subset, choice]);
  return subsets
    .filter((subset) => subset.length > 0)
    .map(setOf)
    .filter((set) => set.length <= setCharactersMax);
}

/** The sets of which a variant has to have one: a value of each option. None where no variant has so many options. */
export function setsAskedFor(chosen: ReadonlyMap<string, readonly string[]>): string[] {
  if (chosen.size === 0 || chosen.size > optionsPerVariantMax) return [];
  return [...chosen]
    .reduce<Choice[][]>(
      (known, [name, values]) =>
        known.flatMap((choices) => values.map((value): Choice[] => [...choices, [name, value]])),
      [[]],
    )
    .map(setOf);
}
