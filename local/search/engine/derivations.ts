import type { Settings } from "../settings.ts";
import type { QueryTerm } from "./query-parser.ts";
import { Postings } from "./postings.ts";
import type { TextIndex } from "./text-index.ts";
import { fold, tokenize } from "./tokenizer.ts";
import { swaps, typosAllowed, weighFirstLetter } from "./typos.ts";

/** Occurrences that satisfy a term of the query, and how many typos away they are. */
type Source = { postings: Postings; typos: number; isExact: boolean };

/** What one term of the query may stand for. */
export type Derivation = {
  sources: Source[];
  /** Words that match, with how many of their letters to highlight. */
  highlights: Map<string, number>;
  /** All words that begin so match, too. */
  beginning?: string;
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
  const isKnown = (found: string) => derivation.highlights.has(found) || (isPrefix && found.startsWith(word));
  const accept = (found: string, postings: Postings, typos: number) => {
    if (typos > typosMax || isKnown(found)) return;
    derivation.sources.push({ postings, typos, isExact: false });
    derivation.highlights.set(found, found.length);
  };
  const whole = text.whole(word);
  if (whole !== undefined) {
    derivation.sources.push({ postings: whole, typos: 0, isExact: true });
    derivation.highlights.set(word, word.length);
  }
  if (isPrefix) addBeginning(derivation, word, text);
  if (typosMax === 0) return derivation;
  for (const swapped of swaps(word)) {
    const postings = text.whole(swapped);
    if (postings !== undefined) accept(swapped, postings, weighFirstLetter(word, swapped, 1));
  }
  for (const [found, postings, edits] of text.within(word, typosMax)) {
    accept(found, postings, weighFirstLetter(word, found, edits));
  }
  if (isPrefix && !HAS_DIGIT.test(word)) {
    for (const [found, postings, edits] of text.withinBeginning(word, typosMax))
      if (found.length > word.length - typosMax) accept(found, postings, edits);
  }
  addSplit(derivation, word, text);
  return derivation;
}

function addBeginning(derivation: Derivation, word: string, text: TextIndex): void {
  derivation.beginning = word;
  const { isGathered, words } = text.startingWith(word);
  for (const [found, postings] of words)
    if (isGathered || found !== word) derivation.sources.push({ postings, typos: 0, isExact: false });
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
  const [documents, places] = [firsts.documents.view(), firsts.places.view()];
  const [nextDocuments, nextPlaces] = [nexts.documents.view(), nexts.places.view()];
  let start = 0;
  for (let first = 0; first < documents.length; first += 1) {
    const document = documents[first] ?? 0;
    const place = places[first] ?? 0;
    while (start < nextDocuments.length && (nextDocuments[start] ?? 0) < document) start += 1;
    const wanted = (place >>> 1) + distance;
    for (let next = start; next < nextDocuments.length && nextDocuments[next] === document; next += 1) {
      if ((nextPlaces[next] ?? 0) >>> 1 !== wanted) continue;
      found.add(document, place);
      break;
    }
  }
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
