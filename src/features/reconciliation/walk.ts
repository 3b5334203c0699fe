import { type EpochMs, epochMs } from "#core/time";

/** A part of time in a list: from, inclusive, until, exclusive. */
export type Window = { readonly from: EpochMs; readonly until: EpochMs };

export type ListPolicy = {
  /** So much of what was read is read again, for entries that were written late. */
  readonly overlapMs: number;
  /** The longest window that may be asked for. */
  readonly windowMsMax: number;
};

/** The window that is walked through next. It begins before the end of the last one. */
export function nextWindow(coveredUntil: EpochMs, until: EpochMs, policy: ListPolicy): Window {
  const from = epochMs(Math.min(coveredUntil, until) - policy.overlapMs);
  return { from, until: epochMs(Math.min(until, from + policy.windowMsMax)) };
}

/** Where a walk stands: in which window, and before which of its pages. */
export type Place = { readonly window: Window; readonly cursor: string | undefined };

type Page = { readonly next: string | undefined };

/** What a walk needs from the world; the real ones ask the provider and Postgres. */
export type WalkPorts<Read extends Page> = {
  readonly read: (place: Place) => Promise<Read>;
  /**
   * Keeps in one transaction what a page has shown and where the next one begins; no next one ends the window. False
   * when somebody else walks here by now: nothing was kept then.
   */
  readonly keep: (page: Read) => Promise<boolean>;
  /** Whether this run has done enough; the next one goes on. */
  readonly isSpent: () => boolean;
};

/**
 * Walks through a list page by page. A crash costs at most one page, which is then read once more.
 * @returns whether the window's end was reached, the run was spent, or somebody else has taken over.
 */
export async function walk<Read extends Page>(
  ports: WalkPorts<Read>,
  from: Place,
): Promise<"finished" | "spent" | "lost"> {
  let place = from;
  for (;;) {
    const page = await ports.read(place);
    if (!(await ports.keep(page))) return "lost";
    if (page.next === undefined) return "finished";
    if (ports.isSpent()) return "spent";
    place = { window: place.window, cursor: page.next };
  }
}
