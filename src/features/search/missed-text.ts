export const missLimits = {
  charactersMax: 80,
  wordsMax: 8,
  /** Longer words are tokens and numbers of contracts, not names of goods. */
  wordCharactersMax: 30,
  /** So many digits in a row, separators aside, may be a telephone's, a card's or a person's. */
  digitsMax: 5,
} as const;

const address = /@|:\/\/|\bwww\./;
/** What people put between the digits of one number. */
const separators = /(?<=\d)[\s.,\-()/+]+(?=\d)/g;

/**
 * The words of a search as they may be kept: in one form for all who typed the same. Undefined when they may say more
 * of a person than of goods, such as an e-mail address or a telephone number; then they are not kept at all.
 */
export function missedText(query: string): string | undefined {
  const text = query
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/["\s]+/g, " ")
    .trim();
  const words = text.split(" ");
  const longestNumber = Math.max(
    0,
    ...Array.from(text.replaceAll(separators, "").matchAll(/\p{N}+/gu), ([digits]) => digits.length),
  );
  const isKept =
    /[\p{L}\p{N}]/u.test(text) &&
    text.length <= missLimits.charactersMax &&
    words.length <= missLimits.wordsMax &&
    words.every((word) => word.length <= missLimits.wordCharactersMax) &&
    longestNumber <= missLimits.digitsMax &&
    !address.test(text);
  return isKept ? text : undefined;
}
