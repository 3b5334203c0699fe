import type { EpochMs } from "#core/time";
import {
  type Adjust,
  type AdjustRefusal,
  type AdjustReply,
  type Adjustment,
  type Decision,
  type LedgerView,
  type Movement,
  type SetThreshold,
  type Stock,
  type ThresholdReply,
  availableOf,
  inventoryLimits,
  isWithin,
  journal,
  write,
} from "./ledger.ts";
import { plainLevel } from "./stock-level.ts";

/** Receives, loses or recounts units. Identified: a repetition gets the first answer. */
export function adjust(view: LedgerView, command: Adjust, now: EpochMs): Decision<AdjustReply> {
  const { stock } = view;
  const { type: kind, id, reason, movementId } = command;
  const fingerprint = JSON.stringify([kind, command.quantity, command.expectedVersion ?? null, reason]);
  const earlier = view.adjustment(id);
  if (earlier) return { stock, reply: repeatedAdjust(earlier, fingerprint, stock) };
  const onHand = onHandAfter(stock, command);
  if (
    !isWithin(command.quantity, kind === "recount" ? 0 : 1, inventoryLimits.quantityMax) ||
    onHand > inventoryLimits.onHandMax
  )
    return { stock, reply: { ok: false, reason: "limit_exceeded", stock } };
  const refusal = refusalOf(stock, command, onHand);
  if (refusal !== undefined) {
    const reply: AdjustReply = { ok: false, reason: refusal, stock };
    return { stock, adjustment: { id, fingerprint, reply, at: now }, reply };
  }
  const quantity = onHand - stock.onHand;
  const journaled = journal(stock, { onHand }, { kind, quantity, reason, at: now });
  const movement: Movement = { id: movementId, kind, quantity, reason, stock: journaled.stock, at: now };
  const reply: AdjustReply = { ok: true, movement, replayed: false };
  return { ...journaled, adjustment: { id, fingerprint, reply, at: now }, reply };
}

function refusalOf(stock: Stock, command: Adjust, onHand: number): AdjustRefusal | undefined {
  if (command.type === "recount" && !countsPresent(stock, command)) return "version_mismatch";
  return availableOf({ ...stock, onHand }) < 0 ? "insufficient_stock" : undefined;
}

/**
 * Nothing has moved since the count began. Before the object takes the first count its units are seen as version 0, and
 * the taking moves none of them.
 */
function countsPresent({ seq, onHand, held, sold }: Stock, { expectedVersion, firstCount }: Adjust): boolean {
  const isFirstCount = seq === 1 && onHand === firstCount && held === 0 && sold === 0;
  return expectedVersion === seq || (expectedVersion === 0 && isFirstCount);
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

/**
 * The units with which a SKU came into the catalogue are its first entry, taken on the first touch that brings them: only
 * where nothing came before, hence once however often they are brought. They were for sale before, so that is no news.
 */
export function takeFirstCount({ stock }: LedgerView, quantity: number, now: EpochMs): Decision<undefined> {
  if (stock.seq > 0 || !isWithin(quantity, 1, inventoryLimits.quantityMax))
    return { stock, reply: undefined };
  const level = plainLevel({ available: quantity, lowAt: stock.lowAt });
  const facts = { kind: "receive", quantity, reason: "first count", at: now } as const;
  return { ...write({ ...stock, level }, { ...stock, onHand: quantity, level }, facts), reply: undefined };
}

/** A new threshold counts from scratch: staff who set it want to see what it says of the units there are. */
export function setThreshold(
  { stock }: LedgerView,
  { lowAt }: SetThreshold,
  now: EpochMs,
): Decision<ThresholdReply> {
  if (!isWithin(lowAt, 0, inventoryLimits.lowAtMax))
    return { stock, reply: { ok: false, reason: "limit_exceeded" } };
  if (lowAt === stock.lowAt) return { stock, reply: { ok: true, stock } };
  const level = plainLevel({ available: availableOf(stock), lowAt });
  const written = write(stock, { ...stock, lowAt, level }, { kind: "threshold", quantity: lowAt, at: now });
  return { ...written, reply: { ok: true, stock: written.stock } };
}
