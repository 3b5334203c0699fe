import type { EpochMs } from "#core/time";

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
};

export type ReservationStatus = "held" | "committed" | "released" | "expired" | "refused";

/** A claim of one order on this SKU. Ended and refused ones stay as tombstones, so that late repeats are recognised. */
export type Reservation = {
  readonly id: string;
  readonly quantity: number;
  readonly status: ReservationStatus;
  readonly expiresAt: EpochMs;
};

/** A stock adjustment that was decided, kept so that its repetition gets the same answer. */
export type Adjustment = { readonly id: string; readonly fingerprint: string; readonly reply: AdjustReply };

/** One change of the stock, with the figures after it. */
export type JournalEntry = Stock & {
  readonly kind: "hold" | "release" | "expire" | "commit" | "revert" | "receive" | "shrink" | "recount";
  readonly quantity: number;
  readonly reservationId: string | undefined;
  readonly reason: string | undefined;
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
  reason: string;
};
export type ReserveReply =
  | { ok: true; status: "held" | "committed"; expiresAt: EpochMs }
  /** Too few units, now and for every repetition of this id. */
  | { ok: false; reason: "insufficient_stock"; available: number }
  /** The claim ended earlier: released or expired. */
  | { ok: false; reason: "gone" }
  /** The same id came with another quantity. */
  | { ok: false; reason: "conflict" };
export type ReleaseReply = { ok: true } | { ok: false; reason: "committed" };
export type CommitReply = { ok: true } | { ok: false; reason: "gone" };
export type AdjustReply =
  | { ok: true; movement: Movement; replayed: boolean }
  | { ok: false; reason: "insufficient_stock" | "version_mismatch" | "conflict"; stock: Stock };

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

export const emptyStock: Stock = { onHand: 0, held: 0, sold: 0, seq: 0 };

/** Limits that the callers' schemas hold as well. */
export const inventoryLimits = { quantityMax: 1_000_000, holdMsMax: 60 * 60 * 1000 } as const;

export function availableOf(stock: Stock): number {
  return stock.onHand - stock.held - stock.sold;
}

/** Holds units for an order; the repetition of an id gets the outcome that it has by now. */
export function reserve(view: LedgerView, command: Reserve, now: EpochMs): Decision<ReserveReply> {
  const { stock } = view;
  const existing = view.reservation(command.id);
  if (existing) return { stock, reply: repeatedReserve(existing, command, stock) };
  const base = { id: command.id, quantity: command.quantity, expiresAt: (now + command.holdMs) as EpochMs };
  if (availableOf(stock) < command.quantity)
    return {
      stock,
      reservation: { ...base, status: "refused" },
      reply: { ok: false, reason: "insufficient_stock", available: availableOf(stock) },
    };
  const change = { held: stock.held + command.quantity };
  return {
    ...journal(stock, change, {
      kind: "hold",
      quantity: command.quantity,
      reservationId: command.id,
      at: now,
    }),
    reservation: { ...base, status: "held" },
    reply: { ok: true, status: "held", expiresAt: base.expiresAt },
  };
}

function repeatedReserve(existing: Reservation, command: Reserve, stock: Stock): ReserveReply {
  // A release that overtook its reserve knew no quantity.
  if (existing.quantity !== 0 && existing.quantity !== command.quantity)
    return { ok: false, reason: "conflict" };
  switch (existing.status) {
    case "held":
    case "committed":
      return { ok: true, status: existing.status, expiresAt: existing.expiresAt };
    case "refused":
      return { ok: false, reason: "insufficient_stock", available: availableOf(stock) };
    case "released":
    case "expired":
      return { ok: false, reason: "gone" };
  }
}

/** Gives a hold back. An unknown id leaves a tombstone: the release may have overtaken its reserve. */
export function release(view: LedgerView, command: Release, now: EpochMs): Decision<ReleaseReply> {
  const { stock } = view;
  const existing = view.reservation(command.id) ?? {
    id: command.id,
    quantity: 0,
    status: "refused" as const,
    expiresAt: now,
  };
  switch (existing.status) {
    case "committed":
      return { stock, reply: { ok: false, reason: "committed" } };
    case "held":
      return { ...endHold(stock, existing, "released", now), reply: { ok: true } };
    case "released":
    case "expired":
    case "refused":
      return { stock, reservation: { ...existing, status: "released" }, reply: { ok: true } };
  }
}

/** Gives back what an order claimed, committed units too; only for orders whose money was never taken. */
export function revert(view: LedgerView, command: Revert, now: EpochMs): Decision<{ ok: true }> {
  const { stock } = view;
  const existing = view.reservation(command.id);
  if (existing?.status !== "committed") {
    const { reply: _alwaysGranted, ...decision } = release(view, { type: "release", id: command.id }, now);
    return { ...decision, reply: { ok: true } };
  }
  const { quantity, id: reservationId } = existing;
  return {
    ...journal(stock, { sold: stock.sold - quantity }, { kind: "revert", quantity, reservationId, at: now }),
    reservation: { ...existing, status: "released" },
    reply: { ok: true },
  };
}

/** Ends a hold whose time is over. Only the object's clock decides. */
export function expire(stock: Stock, reservation: Reservation, now: EpochMs): Decision<undefined> {
  return { ...endHold(stock, reservation, "expired", now), reply: undefined };
}

function endHold(stock: Stock, reservation: Reservation, status: "released" | "expired", at: EpochMs) {
  const { quantity, id: reservationId } = reservation;
  const kind = status === "released" ? ("release" as const) : ("expire" as const);
  return {
    ...journal(stock, { held: stock.held - quantity }, { kind, quantity, reservationId, at }),
    reservation: { ...reservation, status },
  };
}

/**
 * Turns a hold into a sale. An expired hold is rescued while stock remains; otherwise it is gone for good, and the
 * tombstone says so to every repetition.
 */
export function commit(view: LedgerView, command: Commit, now: EpochMs): Decision<CommitReply> {
  const { stock } = view;
  const existing = view.reservation(command.id);
  if (existing === undefined) return { stock, reply: { ok: false, reason: "gone" } };
  const { quantity } = existing;
  const sale = (held: number): Decision<CommitReply> => ({
    ...journal(
      stock,
      { held, sold: stock.sold + quantity },
      { kind: "commit", quantity, reservationId: existing.id, at: now },
    ),
    reservation: { ...existing, status: "committed" },
    reply: { ok: true },
  });
  switch (existing.status) {
    case "committed":
      return { stock, reply: { ok: true } };
    case "held":
      return sale(stock.held - quantity);
    case "expired":
      if (availableOf(stock) >= quantity) return sale(stock.held);
      return {
        stock,
        reservation: { ...existing, status: "released" },
        reply: { ok: false, reason: "gone" },
      };
    case "released":
    case "refused":
      return { stock, reply: { ok: false, reason: "gone" } };
  }
}

/** Receives, loses or recounts units. Identified: a repetition gets the first answer. */
export function adjust(view: LedgerView, command: Adjust, now: EpochMs): Decision<AdjustReply> {
  const { stock } = view;
  const fingerprint = `${command.type} ${command.quantity} ${command.expectedVersion ?? ""}`;
  const earlier = view.adjustment(command.id);
  if (earlier) return { stock, reply: repeatedAdjust(earlier, fingerprint, stock) };
  const refuse = (reason: "insufficient_stock" | "version_mismatch"): Decision<AdjustReply> => {
    const reply: AdjustReply = { ok: false, reason, stock };
    return { stock, adjustment: { id: command.id, fingerprint, reply }, reply };
  };
  if (command.type === "recount" && command.expectedVersion !== stock.seq) return refuse("version_mismatch");
  const onHand = onHandAfter(stock, command);
  if (onHand - stock.held - stock.sold < 0) return refuse("insufficient_stock");
  const { type: kind, reason, movementId } = command;
  const quantity = onHand - stock.onHand;
  const journaled = journal(stock, { onHand }, { kind, quantity, reason, at: now });
  const movement: Movement = { id: movementId, kind, quantity, reason, stock: journaled.stock, at: now };
  const reply: AdjustReply = { ok: true, movement, replayed: false };
  return { ...journaled, adjustment: { id: command.id, fingerprint, reply }, reply };
}

function repeatedAdjust(earlier: Adjustment, fingerprint: string, stock: Stock): AdjustReply {
  if (earlier.fingerprint !== fingerprint) return { ok: false, reason: "conflict", stock };
  return earlier.reply.ok ? { ...earlier.reply, replayed: true } : earlier.reply;
}

function onHandAfter(stock: Stock, command: Adjust): number {
  switch (command.type) {
    case "receive":
      return stock.onHand + command.quantity;
    case "shrink":
      return stock.onHand - command.quantity;
    case "recount":
      return stock.sold + command.quantity;
  }
}

type EntryFacts = Pick<JournalEntry, "kind" | "quantity" | "at"> & {
  reservationId?: string;
  reason?: string;
};

function journal(
  stock: Stock,
  change: Partial<Pick<Stock, "onHand" | "held" | "sold">>,
  facts: EntryFacts,
): { stock: Stock; entry: JournalEntry } {
  const after: Stock = { ...stock, ...change, seq: stock.seq + 1 };
  return { stock: after, entry: { reservationId: undefined, reason: undefined, ...after, ...facts } };
}
