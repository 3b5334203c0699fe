import { setTimeout as sleep } from "node:timers/promises";
import type { Recorder } from "./history.ts";
import { readJournal } from "./journal.ts";
import { type JournalCopy, matchJournal, type Mismatch } from "./match-journal.ts";
import type { Shop } from "./shop-calls.ts";

const SETTLES_MS_MAX = 120_000;
const POLL_MS = 250;

export type Shelf = { sku: string; units: number };
export type StockFigures = Shelf & { sold: number; held: number };
type StockTake = { stock: StockFigures[]; journal: Mismatch };

/** Waits until no unit is held and every call is in its SKU's journal; when that takes too long, says what is missing. */
export async function takeStock(
  shop: Shop,
  recorder: Recorder,
  shelves: readonly Shelf[],
): Promise<StockTake> {
  const deadline = performance.now() + SETTLES_MS_MAX;
  for (;;) {
    const copies = await Promise.all(
      shelves.map(async ({ sku }): Promise<JournalCopy> => {
        const entries = await readJournal(shop, sku);
        return { sku, entries, readAt: recorder.now() };
      }),
    );
    const taken = compare(recorder, shelves, copies);
    const isQuiet = taken.stock.every(({ held }) => held === 0) && taken.journal.missing === 0;
    if (isQuiet || performance.now() > deadline) return taken;
    await sleep(POLL_MS);
  }
}

function compare(
  { history }: Recorder,
  shelves: readonly Shelf[],
  copies: readonly JournalCopy[],
): StockTake {
  for (const operation of history.operations) delete operation.entry;
  const mismatches = copies.map((copy) => matchJournal(history, copy));
  const sum = (kind: keyof Mismatch): number => mismatches.reduce((total, each) => total + each[kind], 0);
  return {
    journal: { unexplained: sum("unexplained"), missing: sum("missing") },
    stock: shelves.map((shelf) => {
      const latest = copies.find(({ sku }) => sku === shelf.sku)?.entries.at(-1);
      return { ...shelf, sold: latest?.sold ?? 0, held: latest?.held ?? 0 };
    }),
  };
}
