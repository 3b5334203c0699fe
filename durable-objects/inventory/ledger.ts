import type { EpochMs } from "#core/time";
import { type StockLevel, levelAfter, lowAtDefault } from "./stock-level.ts";

/** The figures of one SKU, in units. Available is on hand − held − sold and is never negative. */
export type Stock = {
  /** Units ever received, less those lost. */
  readonly onHand: number;
  /** Units promised to orders that are not paid yet. */
  readonly held: number;
  /** Units committed to paid orders. */
  readonly sold: number;
  /** Number of the last journal entry; it is the stock's version as well. */
  readonly seq: number;
  /** Counts the journal's fresh starts: numbers are gapless and sums hold within an epoch. */
  readonly epoch: number;
  /** At this many available units or fewer the SKU is low. */
  readonly lowAt: number;
  readonly level: StockLevel;
};

export type ReservationStatus = "held" | "committed" | "released" | "expired" | "refused";

/** A claim of one order on this SKU. Ended and refused ones stay as tombstones, so that late repeats are recognised. */
export type Reservation = {
  /** Names the claim in all the world, wherever the SKU's stock is kept. */
  readonly id: string;
  readonly quantity: number;
  readonly status: ReservationStatus;
  readonly expiresAt: EpochMs;
  /** When it came to its status. */
  readonly changedAt: EpochMs;
};

/** A stock adjustment that was decided, kept so that its repetition gets the same answer. */
export type Adjustment = {
  readonly id: string;
  readonly fingerprint: string;
  readonly reply: AdjustReply;
  readonly at: EpochMs;
};

export type ClaimEntryKind = "hold" | "release" | "expire" | "commit" | "rescue" | "revert";
/** `rescue` commits units whose hold had expired; `threshold` moves no units; `epoch` opens the next epoch. */
export type EntryKind = ClaimEntryKind | Adjust["type"] | "threshold" | "epoch";

/** One change of the stock, with the figures after it. */
export type JournalEntry = Stock & {
  readonly kind: EntryKind;
  readonly quantity: number;
  readonly reservationId: string | undefined;
  readonly reason: string | undefined;
  readonly levelBefore: StockLevel;
  readonly at: EpochMs;
};

export type Reserve = { type: "reserve"; id: string; quantity: number; holdMs: number };
export type Release = { type: "release"; id: string };
/** Ends the claim of an order that will never be paid, whether its units are held or committed already. */
export type Revert = { type: "revert"; id: string };
export type Commit = { type: "commit"; id: string };
export type Adjust = {
  type: "receive" | "shrink" | "recount";
  /** Names the command: its repetition gets the first answer. */
  id: string;
  /** The id that the movement is known by. */
  movementId: string;
  /** Units received or lost; for a recount the units counted that are not sold, held ones included. */
  quantity: number;
  /** For a recount: the version that was current when the count began. */
  expectedVersion?: number | undefined;
  /** The units with which the SKU came into the catalogue, while nothing else is known of it there. */
  firstCount?: number | undefined;
  reason: string;
};
/** Sets the number of available units at which the SKU is low. Naturally idempotent, so it needs no id. */
export type SetThreshold = { type: "threshold"; lowAt: number };

/** The command asks for more than {@link inventoryLimits} allow. Nothing was changed and nothing is remembered. */
type LimitExceeded = { ok: false; reason: "limit_exceeded" };

export type ReserveReply =
  | { ok: true; status: "held" | "committed"; expiresAt: EpochMs }
  /** Too few units, now and for every repetition of this id. */
  | { ok: false; reason: "insufficient_stock"; available: number }
  /** The claim ended earlier: released or expired. */
  | { ok: false; reason: "gone" }
  /** The same id came with another quantity. */
  | { ok: false; reason: "conflict" }
  | LimitExceeded;
export type ReleaseReply = { ok: true } | { ok: false; reason: "committed" };
export type CommitReply = { ok: true } | { ok: false; reason: "gone" };
export type AdjustRefusal = "insufficient_stock" | "version_mismatch" | "conflict" | "limit_exceeded";
export type AdjustReply =
  | { ok: true; movement: Movement; replayed: boolean }
  | { ok: false; reason: AdjustRefusal; stock: Stock };
export type ThresholdReply = { ok: true; stock: Stock } | LimitExceeded;

/** An adjustment that took effect: the change of the units on hand and the figures after it. */
export type Movement = {
  readonly id: string;
  readonly kind: Adjust["type"];
  readonly quantity: number;
  readonly reason: string;
  readonly stock: Stock;
  readonly at: EpochMs;
};

/** What a decision reads. Implemented by the object's SQLite and by plain maps in simulations. */
export type LedgerView = {
  readonly stock: Stock;
  readonly reservation: (id: string) => Reservation | undefined;
  readonly adjustment: (id: string) => Adjustment | undefined;
};

/** What a decision changes, to be saved in one transaction before the reply leaves. */
export type Decision<Reply> = {
  readonly reply: Reply;
  readonly stock: Stock;
  readonly reservation?: Reservation;
  readonly adjustment?: Adjustment;
  readonly entry?: JournalEntry;
};

export const emptyStock: Stock = {
  onHand: 0,
  held: 0,
  sold: 0,
  seq: 0,
  epoch: 1,
  lowAt: lowAtDefault,
  level: "out",
};

/** Held where commands enter the ledger; the callers' schemas are no wider. */
export const inventoryLimits = {
  quantityMax: 1_000_000,
  holdMsMax: 60 * 60 * 1000,
  onHandMax: 1_000_000_000,
  lowAtMax: 1_000_000,
} as const;

export function availableOf(stock: Pick<Stock, "onHand" | "held" | "sold">): number {
  return stock.onHand - stock.held - stock.sold;
}

export function isWithin(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

type Change = Partial<Pick<Stock, "onHand" | "held" | "sold">>;
type EntryFacts = Pick<JournalEntry, "kind" | "quantity" | "at"> & {
  reservationId?: string;
  reason?: string | undefined;
};

/** The figures after a change of units, and the entry that tells of it. */
export function journal(
  stock: Stock,
  change: Change,
  facts: EntryFacts,
): { stock: Stock; entry: JournalEntry } {
  const moved = { ...stock, ...change };
  const { held, lowAt } = moved;
  const level = levelAfter(stock.level, { available: availableOf(moved), held, lowAt });
  return write(stock, { ...moved, level }, facts);
}

/** Numbers an entry whose figures and level are settled. */
export function write(
  before: Stock,
  figures: Stock,
  facts: EntryFacts,
): { stock: Stock; entry: JournalEntry } {
  const stock: Stock = { ...figures, seq: figures.seq + 1 };
  return {
    stock,
    entry: { reservationId: undefined, reason: undefined, ...stock, levelBefore: before.level, ...facts },
  };
}
