import { z } from "zod";
import { AppError } from "#core/errors";
import type { Page, PageRequest } from "#core/page";
import type { Settings } from "./env.ts";
import { openToken, signToken } from "./signed-tokens.ts";

/** A place in a list: the values of its sort keys as Postgres prints them, the id last, so that no two places tie. */
export type Position = readonly string[];

/** Rows beyond a position, nearest first. */
export type Travel = {
  readonly direction: "after" | "before";
  readonly from: Position | undefined;
  readonly rowsMax: number;
};

/** A list that is read by position, so that pages have no gaps and no repeats while rows come and go. */
export type KeysetList<Row> = {
  /** The list with its filters and its sort; a cursor of one list opens no other. */
  readonly name: string;
  readonly read: (travel: Travel) => Promise<readonly Row[]>;
  readonly positionOf: (row: Row) => Position;
};

/** @throws AppError invalid_cursor when the cursor is not of this list. */
export async function readPage<Row>(
  settings: Settings,
  request: PageRequest,
  list: KeysetList<Row>,
): Promise<Page<Row>> {
  const direction = request.before === undefined ? "after" : "before";
  const cursor = request.before ?? request.after;
  const from = cursor === undefined ? undefined : await openCursor(settings, list.name, cursor);
  const rows = await list.read({ direction, from, rowsMax: request.limit + 1 });
  const hasMore = rows.length > request.limit;
  const nearest = rows.slice(0, request.limit);
  const items = direction === "after" ? nearest : nearest.toReversed();
  const followed = direction === "after" ? hasMore : true;
  const preceded = direction === "after" ? from !== undefined : hasMore;
  const cursorAt = async (row: Row | undefined) =>
    row === undefined ? null : signCursor(settings, list.name, list.positionOf(row));
  return {
    items,
    hasMore,
    nextCursor: followed ? await cursorAt(items.at(-1)) : null,
    previousCursor: preceded ? await cursorAt(items[0]) : null,
  };
}

const Cursor = z.tuple([z.string(), z.array(z.string())]);

async function signCursor(settings: Settings, listName: string, position: Position): Promise<string> {
  return signToken(settings, "cursor", JSON.stringify([await shortHash(listName), position]));
}

async function openCursor(settings: Settings, listName: string, cursor: string): Promise<Position> {
  const text = await openToken(settings, "cursor", cursor);
  const [list, position] = text === undefined ? [] : Cursor.parse(JSON.parse(text));
  if (position === undefined || list !== (await shortHash(listName)))
    throw new AppError("invalid_cursor", {
      detail:
        "Use a cursor with the very filters and sort of the page that it came with, or start without one.",
    });
  return position;
}

/** Tells lists apart; the signature around it is what keeps cursors genuine. */
async function shortHash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest).subarray(0, 9)));
}
