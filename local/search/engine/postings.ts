import { GrowingList } from "./growing-list.ts";

/** Words further into one field share the last position. */
const POSITION_MAX = 65_535;
const FIELD_SHIFT = 17;

/** Packs field, position and whether the word ends its field into one number that orders by field, then position. */
export function placeAt(field: number, position: number, isLast: boolean): number {
  return ((field << FIELD_SHIFT) | (Math.min(position, POSITION_MAX) << 1) | (isLast ? 1 : 0)) >>> 0;
}

export function fieldOf(place: number): number {
  return place >>> FIELD_SHIFT;
}

export function positionOf(place: number): number {
  return (place >>> 1) & POSITION_MAX;
}

export function isLastOfField(place: number): boolean {
  return (place & 1) === 1;
}

/** Where a word occurs: parallel lists of the document and the place within it, in the order of documents. */
export class Postings {
  readonly documents = new GrowingList();
  readonly places = new GrowingList();

  /** All occurrences of several words. */
  static gathered(each: readonly Postings[]): Postings {
    let documentsMax = 0;
    for (const { documents } of each)
      if (documents.length > 0) documentsMax = Math.max(documentsMax, documents.at(documents.length - 1));
    const counts = new Uint32Array(documentsMax + 2);
    for (const { documents } of each)
      for (const document of documents.view()) counts[document + 1] = (counts[document + 1] ?? 0) + 1;
    for (let document = 1; document < counts.length; document += 1)
      counts[document] = (counts[document] ?? 0) + (counts[document - 1] ?? 0);
    const total = counts[documentsMax + 1] ?? 0;
    const sorted = { documents: new Uint32Array(total), places: new Uint32Array(total) };
    for (const { documents, places } of each) {
      const [from, at] = [documents.view(), places.view()];
      for (let index = 0; index < from.length; index += 1) {
        const document = from[index] ?? 0;
        const slot = counts[document] ?? 0;
        counts[document] = slot + 1;
        sorted.documents[slot] = document;
        sorted.places[slot] = at[index] ?? 0;
      }
    }
    const gathered = new Postings();
    gathered.documents.replace(sorted.documents);
    gathered.places.replace(sorted.places);
    return gathered;
  }

  add(document: number, place: number): void {
    this.documents.push(document);
    this.places.push(place);
  }
}
