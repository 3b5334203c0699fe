import type { Settings } from "../settings.ts";
import type { QueryTerm } from "./query-parser.ts";
import { Postings, type TextIndex } from "./text-index.ts";
import { fold, tokenize } from "./tokenizer.ts";
import { editsToPrefix, swaps, typosAllowed, weighFirstLetter } from "./typos.ts";

/** Occurrences that satisfy a term of the query, and how many typos away they are. */
type Source = { postings: Postings; typos: number; isExact: boolean };

/** What one term of the query may stand for. */
export type Derivation = {
  sources: Source[];
  /** Each word that matches, with how many of its letters to highlight. */
  highlights: Map<string, number>;
  typosMax: number;
};

/** A digit marks a size or a sku: completed, never corrected while half typed. */
const HAS_DIGIT = /\p{N}/u;

/** Meilisearch joins up to three neighbouring words: "sun glasses" finds "sunglasses". */
const JOINED_WORDS_MAX = 3;

/** The derivations of every term: whole words, beginnings, typos, synonyms, words written together or apart. */
export function deriveTerms(terms: readonly QueryTerm[], text: TextIndex, settings: Settings): Derivation[] {
  const synonyms = foldedSynonyms(settings);
  const derivations = terms.map((term) =>
    term.kind === "phrase" ? derivePhrase(term.words, text) : deriveWord(term, text, settings),
  );
  terms.forEach((_, from) => {
    for (let length = 1; length <= JOINED_WORDS_MAX; length += 1) {
      const words = wordsOf(terms.slice(from, from + length));
      if (words.length < length) break;
      const covered = derivations.slice(from, from + length);
      for (const replacement of synonyms.get(words.join(" ")) ?? []) addPhrase(covered, replacement, text, 0);
      if (length > 1 && settings.typoTolerance.enabled) addPhrase(covered, [words.join("")], text, 1);
    }
  });
  return derivations;
}

function deriveWord(
  { word, isPrefix }: { word: string; isPrefix: boolean },
  text: TextIndex,
  settings: Settings,
): Derivation {
  const typosMax = typosAllowed(word, settings);
  const derivation: Derivation = { sources: [], highlights: new Map(), typosMax };
  const accept = (found: string, postings: Postings, typos: number) => {
    if (typos > typosMax || derivation.highlights.has(found)) return;
    derivation.sources.push({ postings, typos, isExact: found === word });
    const isCompleted = isPrefix && typos === 0 && found.startsWith(word);
    derivation.highlights.set(found, isCompleted ? word.length : found.length);
  };
  const whole = text.whole(word);
  if (whole !== undefined) accept(word, whole, 0);
  if (isPrefix) for (const [found, postings] of text.startingWith(word)) accept(found, postings, 0);
  if (typosMax === 0) return derivation;
  for (const swapped of swaps(word)) {
    const postings = text.whole(swapped);
    if (postings !== undefined) accept(swapped, postings, weighFirstLetter(word, swapped, 1));
  }
  for (const [found, postings, edits] of text.within(word, typosMax)) {
    accept(found, postings, weighFirstLetter(word, found, edits));
  }
  if (isPrefix && !HAS_DIGIT.test(word)) {
    for (const [found, postings] of text.startingWith(word.charAt(0))) {
      if (found.length > word.length - typosMax && !derivation.highlights.has(found)) {
        accept(found, postings, editsToPrefix(word, found, typosMax));
      }
    }
  }
  if (typosMax > 0) addSplit(derivation, word, text);
  return derivation;
}

function derivePhrase(words: readonly string[], text: TextIndex): Derivation {
  const derivation: Derivation = { sources: [], highlights: new Map(), typosMax: 0 };
  addPhrase([derivation], words, text, 0);
  for (const source of derivation.sources) source.isExact = true;
  return derivation;
}

/** "tshirt" also finds "t shirt": the cut whose two halves stand side by side most often. */
function addSplit(derivation: Derivation, word: string, text: TextIndex): void {
  let best: { halves: string[]; postings: Postings } | undefined;
  for (let cut = 1; cut < word.length; cut += 1) {
    const halves = [word.slice(0, cut), word.slice(cut)];
    const postings = phrasePostings(halves, text);
    if (postings.documents.length > (best?.postings.documents.length ?? 0)) best = { halves, postings };
  }
  if (best === undefined) return;
  derivation.sources.push({ postings: best.postings, typos: 1, isExact: false });
  for (const half of best.halves) derivation.highlights.set(half, half.length);
}

/** Lets a phrase stand for all the covered terms together; its typos are counted at the first. */
function addPhrase(covered: Derivation[], words: readonly string[], text: TextIndex, typos: number): void {
  const postings = phrasePostings(words, text);
  if (postings.documents.length === 0) return;
  covered.forEach((derivation, index) => {
    derivation.sources.push({ postings, typos: index === 0 ? typos : 0, isExact: false });
    for (const word of words) derivation.highlights.set(word, word.length);
  });
}

/** Where the words stand side by side in one field, given as the places of the first. */
function phrasePostings(words: readonly string[], text: TextIndex): Postings {
  const [first, ...rest] = words.map((word) => text.whole(word));
  if (first === undefined || rest.includes(undefined)) return new Postings();
  return rest.reduce<Postings>(
    (soFar, next, index) => (next === undefined ? soFar : followedBy(soFar, next, index + 1)),
    first,
  );
}

/** Both lists are in the order of their documents, so one walk finds the pairs. */
function followedBy(firsts: Postings, nexts: Postings, distance: number): Postings {
  const found = new Postings();
  let start = 0;
  firsts.forEach((document, place) => {
    while (start < nexts.documents.length && nexts.documents.at(start) < document) start += 1;
    const wanted = Math.floor(place / 2) + distance;
    for (
      let index = start;
      index < nexts.documents.length && nexts.documents.at(index) === document;
      index += 1
    ) {
      if (Math.floor(nexts.places.at(index) / 2) === wanted) {
        found.add(document, place);
        return;
      }
    }
  });
  return found;
}

function wordsOf(terms: readonly QueryTerm[]): string[] {
  return terms.flatMap((term) => (term.kind === "word" ? [term.word] : []));
}

function foldedSynonyms({ synonyms }: Settings): Map<string, string[][]> {
  const words = (text: string) => tokenize(text).map(({ word }) => word);
  return new Map(
    Object.entries(synonyms).map(([key, replacements]) => [
      words(fold(key)).join(" "),
      replacements.map(words).filter((each) => each.length > 0),
    ]),
  );
}
