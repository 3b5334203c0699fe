import type { EpochMs } from "#core/time";
import { revert, sell } from "./claims.ts";
import {
  type Decision,
  type LedgerView,
  type Reservation,
  type Stock,
  availableOf,
  inventoryLimits,
  isWithin,
  journal,
  write,
} from "./ledger.ts";

export type ClaimState = "held" | "committed" | "none";

/** What an order really wants of a SKU, where its claim said something else. */
export type ClaimRepair = {
  readonly id: string;
  readonly quantity: number;
  /** What the comparison saw; a claim that has moved since is left alone. */
  readonly was: ClaimState;
  readonly want: ClaimState;
};

/** Puts a ledger right after a comparison found drift: only on a person's request, under an epoch of its own. */
export type Repair = {
  type: "repair";
  /** Number of the last entry that Postgres has; the new epoch begins behind it and behind the object's own. */
  ledgerSeq: number;
  claims: readonly ClaimRepair[];
  /** Who asked and why. */
  reason: string;
};
/** Claims that could not be put right, since the units are not there. */
export type RepairReply =
  | { ok: true; stock: Stock; unrepaired: string[] }
  | { ok: false; reason: "limit_exceeded" };

export const repairLimits = { claimsMax: 500, holdMs: inventoryLimits.holdMsMax } as const;

export function isWithinRepairLimits({ claims }: Repair): boolean {
  return (
    claims.length <= repairLimits.claimsMax &&
    claims.every(({ quantity }) => isWithin(quantity, 1, inventoryLimits.quantityMax))
  );
}

/** Opens the next epoch: its first entry states the figures from which its sums start. */
export function openEpoch(
  { stock }: LedgerView,
  { ledgerSeq, reason }: Pick<Repair, "ledgerSeq" | "reason">,
  now: EpochMs,
): Decision<undefined> {
  const seq = Math.max(stock.seq, ledgerSeq);
  const opened = { ...stock, seq, epoch: stock.epoch + 1 };
  return { ...write(stock, opened, { kind: "epoch", quantity: 0, reason, at: now }), reply: undefined };
}

/**
 * Makes one claim what its order wants, as long as the units are there.
 * @returns whether the claim is right now, as the reply.
 */
export function settleClaim(
  view: LedgerView,
  { id, quantity, was, want }: ClaimRepair,
  now: EpochMs,
): Decision<boolean> {
  const { stock } = view;
  const claim = view.reservation(id);
  const state = stateOf(claim);
  // A claim of another size contradicts its order: that is for a person to resolve.
  if (state !== was || (claim !== undefined && state !== "none" && claim.quantity !== quantity))
    return { stock, reply: false };
  if (want === "none") return { ...revert(view, { type: "revert", id }, now), reply: true };
  if (state === "committed" || state === want) return { stock, reply: true };
  if (state === "none" && availableOf(stock) < quantity) return { stock, reply: false };
  const fresh = { id, quantity, expiresAt: (now + repairLimits.holdMs) as EpochMs, changedAt: now };
  if (want === "committed")
    return {
      ...sell(stock, claim?.status === "held" ? claim : { ...fresh, status: "expired" }, now),
      reply: true,
    };
  const held = stock.held + quantity;
  return {
    ...journal(stock, { held }, { kind: "hold", quantity, reservationId: id, at: now }),
    reservation: { ...fresh, status: "held" },
    reply: true,
  };
}

function stateOf(claim: Reservation | undefined): ClaimState {
  return claim?.status === "held" || claim?.status === "committed" ? claim.status : "none";
}
