/** Which part of a list is wanted: its beginning, or what follows or precedes a cursor. */
export type PageRequest = {
  readonly limit: number;
  readonly after?: string | undefined;
  readonly before?: string | undefined;
};

/** A part of a list, in the list's order. */
export type Page<Item> = {
  readonly items: readonly Item[];
  /** Whether more follows in the direction of travel: towards the end, or with `before` towards the beginning. */
  readonly hasMore: boolean;
  /** Where to go on towards the end; null at the end. */
  readonly nextCursor: string | null;
  /** Where to go on towards the beginning; null at the beginning. */
  readonly previousCursor: string | null;
};
