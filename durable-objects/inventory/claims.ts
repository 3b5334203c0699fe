import type { EpochMs } from "#core/time";
import {
  type Commit,
  type CommitReply,
  type Decision,
  type LedgerView,
  type Release,
  type ReleaseReply,
  type Reservation,
  type Reserve,
  type ReserveReply,
  type Revert,
  type Stock,
  availableOf,
  inventoryLimits,
  isWithin,
  journal,
} from "./ledger.ts";

/** Holds units for an order; the repetition of an id gets the outcome that it has by now. */
export function reserve(view: LedgerView, command: Reserve, now: EpochMs): Decision<ReserveReply> {
  const { stock } = view;
  const { id, quantity, holdMs } = command;
  if (!isWithin(quantity, 1, inventoryLimits.quantityMax) || !isWithin(holdMs, 1, inventoryLimits.holdMsMax))
    return { stock, reply: { ok: false, reason: "limit_exceeded" } };
  const existing = view.reservation(id);
  if (existing) return { stock, reply: repeatedReserve(existing, command, stock) };
  const base = { id, quantity, expiresAt: (now + holdMs) as EpochMs, changedAt: now };
  if (availableOf(stock) < quantity)
    return {
      stock,
      reservation: { ...base, status: "refused" },
      reply: { ok: false, reason: "insufficient_stock", available: availableOf(stock) },
    };
  const change = { held: stock.held + quantity };
  return {
    ...journal(stock, change, { kind: "hold", quantity, reservationId: id, at: now }),
    reservation: { ...base, status: "held" },
    reply: { ok: true, status: "held", expiresAt: base.expiresAt },
  };
}

function repeatedReserve(existing: Reservation, command: Reserve, stock: Stock): ReserveReply {
  // What overtook its reserve knew no quantity.
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
  const existing = view.reservation(command.id);
  switch (existing?.status) {
    case undefined:
      return { stock, reservation: tombstone(command.id, now), reply: { ok: true } };
    case "committed":
      return { stock, reply: { ok: false, reason: "committed" } };
    case "held":
      return { ...endHold(stock, existing, { kind: "release", at: now }), reply: { ok: true } };
    case "expired":
    case "refused":
      return { stock, reservation: { ...existing, status: "released", changedAt: now }, reply: { ok: true } };
    case "released":
      return { stock, reply: { ok: true } };
  }
}

function tombstone(id: string, now: EpochMs): Reservation {
  return { id, quantity: 0, status: "released", expiresAt: now, changedAt: now };
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
    reservation: { ...existing, status: "released", changedAt: now },
    reply: { ok: true },
  };
}

/** Ends a hold whose time is over. Only the object's clock decides. */
export function expire(stock: Stock, reservation: Reservation, now: EpochMs): Decision<undefined> {
  return { ...endHold(stock, reservation, { kind: "expire", at: now }), reply: undefined };
}

function endHold(stock: Stock, reservation: Reservation, end: { kind: "release" | "expire"; at: EpochMs }) {
  const { quantity, id: reservationId } = reservation;
  const status = end.kind === "release" ? ("released" as const) : ("expired" as const);
  return {
    ...journal(stock, { held: stock.held - quantity }, { ...end, quantity, reservationId }),
    reservation: { ...reservation, status, changedAt: end.at },
  };
}

/**
 * Turns a hold into a sale. An expired hold is rescued while stock remains; otherwise it is gone for good, and the
 * tombstone says so to every repetition.
 */
export function commit(view: LedgerView, command: Commit, now: EpochMs): Decision<CommitReply> {
  const { stock } = view;
  const existing = view.reservation(command.id);
  const gone = { ok: false, reason: "gone" } as const;
  switch (existing?.status) {
    case undefined:
      return { stock, reservation: tombstone(command.id, now), reply: gone };
    case "committed":
      return { stock, reply: { ok: true } };
    case "held":
      return sell(stock, existing, now);
    case "expired":
      if (availableOf(stock) >= existing.quantity) return sell(stock, existing, now);
      return { stock, reservation: { ...existing, status: "released", changedAt: now }, reply: gone };
    case "released":
    case "refused":
      return { stock, reply: gone };
  }
}

/** Sells what is held, or what remains of the stock for a claim that holds nothing any more. */
export function sell(stock: Stock, claim: Reservation, at: EpochMs): Decision<CommitReply> {
  const { quantity, id: reservationId } = claim;
  const wasHeld = claim.status === "held";
  const change = { held: stock.held - (wasHeld ? quantity : 0), sold: stock.sold + quantity };
  return {
    ...journal(stock, change, { kind: wasHeld ? "commit" : "rescue", quantity, reservationId, at }),
    reservation: { ...claim, status: "committed", changedAt: at },
    reply: { ok: true },
  };
}
