import { type EpochMs, minuteMs } from "#core/time";
import type { Inspection } from "#durable-objects/inventory/object";
import type { ClaimRepair } from "#durable-objects/inventory/repair";
import type { StockClaim, StockClaims } from "#features/orders/read-stock-claims";

export type Units = { readonly onHand: number; readonly held: number; readonly sold: number };

/** The newest epoch of a SKU's ledger in Postgres, and the level beside it. */
export type LedgerFacts = {
  readonly epoch: number;
  readonly entries: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** The figures from which the epoch's sums start. */
  readonly opening: Units;
  /** Sums of what the epoch's entries say they moved. */
  readonly moved: Units;
  /** The figures that the last entry states. */
  readonly last: Units;
  readonly level: Units & { readonly version: number };
};

export const driftKinds = [
  /** Units are held for an order that is not there or has ended. */
  "stranded_hold",
  /** Units are sold to an order that is not there or has ended unpaid. */
  "stranded_sale",
  /** An order has no hold, or a paid one no sale, of this SKU. */
  "order_without_claim",
  /** The object's sum of holds is not what it counts as held. */
  "held_differs",
  /** Numbers are missing in the ledger, or it ends before what the object knows to be copied. */
  "ledger_gap",
  /** The ledger goes further than the object's own journal. */
  "ledger_ahead",
  /** The ledger's entries do not add up to its figures, or these are not the object's. */
  "ledger_differs",
  /** The level that pages show is not the ledger's last entry. */
  "level_differs",
] as const;
export type DriftKind = (typeof driftKinds)[number];

export type Drift = {
  readonly kind: DriftKind;
  readonly detail: string;
  /** What puts a claim right; figures are put right by the new epoch itself. */
  readonly repair?: ClaimRepair;
};

/** What changed more recently may still be on its way from one side to the other. */
export const settledAfterMsDefault = 2 * minuteMs;

type Sides = {
  readonly object: Inspection;
  readonly ledger: LedgerFacts | undefined;
  readonly orders: StockClaims;
  /** Only what has rested this long is compared. */
  readonly settledAfterMs: number;
};

/** Everything in which the object, its ledger in Postgres and the orders contradict each other. */
export function driftOf(sides: Sides): Drift[] {
  return [...claimDrift(sides), ...figureDrift(sides.object, sides.ledger)];
}

function claimDrift({ object, orders, settledAfterMs }: Sides): Drift[] {
  const settled = (each: { changedAt: EpochMs }) => each.changedAt <= object.at - settledAfterMs;
  // Ids are ordered by time. Where a side was not read to its end, only what both sides cover can be compared.
  const covered = (side: { complete: boolean; claims: readonly { id: string }[] }) =>
    side.complete ? "" : (side.claims.at(-1)?.id ?? "");
  const from = [covered(object), covered(orders)].toSorted().at(-1) ?? "";
  const ordered = new Map(orders.claims.map((claim) => [claim.id, claim]));
  const claimed = new Map(object.claims.map((claim) => [claim.id, claim]));
  const stranded = object.claims
    .filter((claim) => claim.id >= from && settled(claim) && !ordered.has(claim.id))
    .map(({ id, quantity, status }): Drift => {
      const was = status === "held" ? "held" : "committed";
      return {
        kind: was === "held" ? "stranded_hold" : "stranded_sale",
        detail: `${quantity} units are ${was} under ${id}, whose order is not there or has ended.`,
        repair: { id, quantity, was, want: "none" },
      };
    });
  const missing = orders.claims
    .filter((order) => order.id >= from && settled(order))
    .flatMap((order) => missingClaim(order, claimed.get(order.id)));
  return [...stranded, ...missing];
}

function missingClaim(order: StockClaim, claim: Inspection["claims"][number] | undefined): Drift[] {
  const { id, quantity, want } = order;
  if (want === "any") return [];
  const was = claim?.status === "held" || claim?.status === "committed" ? claim.status : "none";
  const satisfies = was === "committed" || was === want;
  if (satisfies && claim?.quantity === quantity) return [];
  const found = was === "none" ? "has none" : `has ${claim?.quantity} ${was}`;
  return [
    {
      kind: "order_without_claim",
      detail: `The order of ${id} wants ${quantity} ${want} and ${found}.`,
      repair: { id, quantity, was, want },
    },
  ];
}

function figureDrift(object: Inspection, ledger: LedgerFacts | undefined): Drift[] {
  const { stock, heldUnits, drainedSeq } = object;
  const drift: Drift[] = [];
  const find = (kind: DriftKind, detail: string): void => void drift.push({ kind, detail });
  if (heldUnits !== stock.held)
    find("held_differs", `The object counts ${stock.held} held, its holds add up to ${heldUnits}.`);
  if (ledger === undefined) {
    if (drainedSeq > 0)
      find("ledger_gap", `The ledger is empty, the object has copied ${drainedSeq} entries.`);
    return drift;
  }
  const { firstSeq, lastSeq, entries, opening, moved, last, level } = ledger;
  if (entries !== lastSeq - firstSeq + 1 || (ledger.epoch === 1 && firstSeq !== 1))
    find("ledger_gap", `Epoch ${ledger.epoch} has ${entries} entries from ${firstSeq} to ${lastSeq}.`);
  if (lastSeq < drainedSeq)
    find("ledger_gap", `The ledger ends at ${lastSeq}, the object has copied up to ${drainedSeq}.`);
  if (lastSeq > stock.seq || ledger.epoch > stock.epoch)
    find("ledger_ahead", `The ledger ends at ${lastSeq}, the object's journal at ${stock.seq}.`);
  if (!sameUnits(add(opening, moved), last))
    find("ledger_differs", `The entries of epoch ${ledger.epoch} do not add up to its last figures.`);
  if (lastSeq === stock.seq && !sameUnits(last, stock))
    find("ledger_differs", `At ${lastSeq} the ledger's figures are not the object's.`);
  if (level.version !== lastSeq || !sameUnits(level, last))
    find("level_differs", `The level is of version ${level.version}, the ledger ends at ${lastSeq}.`);
  return drift;
}

function add(a: Units, b: Units): Units {
  return { onHand: a.onHand + b.onHand, held: a.held + b.held, sold: a.sold + b.sold };
}

function sameUnits(a: Units, b: Units): boolean {
  return a.onHand === b.onHand && a.held === b.held && a.sold === b.sold;
}
