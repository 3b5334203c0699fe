export const reviewLimits = {
  titleCharactersMax: 150,
  bodyCharactersMax: 5_000,
  authorCharactersMax: 80,
  reasonCharactersMax: 500,
} as const;

/** The name under a review unless the buyer gives another: no more than the first word of the account's. */
export function shownName(accountName: string): string {
  const [first = ""] = accountName.trim().split(/\s+/u);
  return first === "" ? "A buyer" : first.slice(0, reviewLimits.authorCharactersMax);
}
