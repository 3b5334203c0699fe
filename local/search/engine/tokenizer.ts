/** A word of a text: folded for comparison, with its place in the original in UTF-16 units. */
export type Token = { word: string; start: number; end: number };

const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const UNSPACED_SCRIPT = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
const NON_ASCII = /[^\p{ASCII}]/u;
const MARKS = /\p{M}/gu;
const LIGATURES: Record<string, string> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
};
const LIGATURE = /[ßæœøłđðþ]/g;

const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

/** The form in which words and facet values are compared: lower case, no accents, compatibility forms unfolded. */
export function fold(text: string): string {
  const lowered = text.toLowerCase();
  if (!NON_ASCII.test(lowered)) return lowered;
  return lowered
    .normalize("NFKD")
    .replace(MARKS, "")
    .replace(LIGATURE, (letter) => LIGATURES[letter] ?? letter);
}

/**
 * Splits at whatever is neither letter, digit nor mark. The real server takes some signs (such as ® or <) for letters
 * unless `separatorTokens` names them, as this shop's settings do. Scripts without spaces are cut by the runtime's
 * dictionary.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(WORD)) {
    const [run] = match;
    if (UNSPACED_SCRIPT.test(run)) {
      for (const { segment, index } of segmenter.segment(run)) {
        tokens.push(tokenAt(segment, match.index + index));
      }
    } else {
      tokens.push(tokenAt(run, match.index));
    }
  }
  return tokens;
}

function tokenAt(run: string, start: number): Token {
  return { word: fold(run), start, end: start + run.length };
}
