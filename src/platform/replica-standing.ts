/** A place in the primary's log of changes (LSN), in bytes. */
export type LogBytes = bigint;

/** How far a replica has come: its place, and the milliseconds since the commit that it replayed last. */
export type Replayed = { readonly place: LogBytes; readonly sinceCommitMs: number | null };

/**
 * How far a replica is behind, in milliseconds: nothing when it has come as far as the primary was before; else the age
 * of the newest commit that it shows, which after a quiet hour is too much, but only until the next measurement.
 */
export function lagOf(primary: LogBytes, { place, sinceCommitMs }: Replayed): number {
  return place >= primary ? 0 : (sinceCommitMs ?? Infinity);
}

/** The lags of those replicas that may be asked; a replica that gave no answer has none. */
export type Lags = ReadonlyMap<string, number>;

/** Replicas whose lag differs by less than this are equally good, and share the readers. */
const sameLagMs = 250;

/**
 * The names of the replicas to ask: of those within the limit the nearest to the primary. One of which nothing is known
 * yet counts as near.
 * @param out those that failed since they were last measured.
 */
export function nearest(
  names: readonly string[],
  known: { readonly lags: Lags | undefined; readonly out: ReadonlySet<string> },
  lagMsMax: number,
): string[] {
  const { lags, out } = known;
  const lagged = names
    .filter((name) => !out.has(name))
    .map((name) => ({ name, lag: lags === undefined ? 0 : (lags.get(name) ?? Infinity) }))
    .filter(({ lag }) => lag <= lagMsMax);
  const least = Math.min(...lagged.map(({ lag }) => lag));
  return lagged.filter(({ lag }) => lag < least + sameLagMs).map(({ name }) => name);
}
