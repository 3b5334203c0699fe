import type { TransitionTable } from "#core/state-machine";
import { dayMs } from "#core/time";
import type { FulfilmentLine } from "#features/orders/rules";

export const returnStatuses = ["requested", "approved", "declined", "received", "closed"] as const;
export type ReturnStatus = (typeof returnStatuses)[number];

/** What can happen to a return. */
export type ReturnTransition = "approve" | "decline" | "receive" | "close";

/** The life of a return. Goods may come back in several parcels; closing ends the waiting for the rest. */
export const returnTransitions: TransitionTable<ReturnStatus, ReturnTransition> = {
  requested: { approve: "approved", decline: "declined" },
  approved: { receive: "received", close: "closed" },
  received: { receive: "received", close: "closed" },
  declined: {},
  closed: {},
};

export const returnLimits = {
  linesMax: 100,
  /** Days after the last parcel's delivery in which a buyer may ask; staff may always. */
  askWithinDays: 30,
} as const;

/** Units of a line that came back: on sale again, or damaged. */
export type ReceivedLine = FulfilmentLine & { readonly restock: boolean };

/** A return as far as the rules look at it. */
export type ReturnState = {
  readonly status: ReturnStatus;
  readonly lines: readonly FulfilmentLine[];
  readonly receipts: readonly { readonly lines: readonly ReceivedLine[] }[];
};

type Parcel = {
  readonly status: string;
  readonly deliveredAt: Date | null;
  readonly lines: readonly FulfilmentLine[];
};

/** Units of each line that have left the shop and that no return speaks for. */
export function returnableUnits(
  parcels: readonly Parcel[],
  returns: readonly ReturnState[],
): Map<string, number> {
  const left = new Map<string, number>();
  const add = (lines: readonly FulfilmentLine[], sign: 1 | -1) => {
    for (const { order_line_id: id, quantity } of lines) left.set(id, (left.get(id) ?? 0) + sign * quantity);
  };
  for (const { status, lines } of parcels) if (status === "shipped" || status === "delivered") add(lines, 1);
  for (const each of returns) add(claimedBy(each), -1);
  return left;
}

/** An open return speaks for all that it names, a closed one for what came, a declined one for nothing. */
function claimedBy({ status, lines, receipts }: ReturnState): readonly FulfilmentLine[] {
  if (status === "declined") return [];
  return status === "closed" ? receipts.flatMap((receipt) => receipt.lines) : lines;
}

/** Units of each line that a return still waits for. */
export function awaitedUnits({ lines, receipts }: Omit<ReturnState, "status">): Map<string, number> {
  const awaited = new Map<string, number>();
  for (const { order_line_id: id, quantity } of lines) awaited.set(id, (awaited.get(id) ?? 0) + quantity);
  for (const receipt of receipts)
    for (const { order_line_id: id, quantity } of receipt.lines)
      awaited.set(id, (awaited.get(id) ?? 0) - quantity);
  return awaited;
}

/** Units of each line that have come back. */
export function receivedUnits({ receipts }: Pick<ReturnState, "receipts">): Map<string, number> {
  const received = new Map<string, number>();
  for (const receipt of receipts)
    for (const { order_line_id: id, quantity } of receipt.lines)
      received.set(id, (received.get(id) ?? 0) + quantity);
  return received;
}

/** The lines that ask for more units than are left, by their place; repeated lines are added up. */
export function linesBeyond(
  lines: readonly FulfilmentLine[],
  units: ReadonlyMap<string, number>,
): { at: number; left: number }[] {
  const left = new Map(units);
  return lines.flatMap(({ order_line_id: id, quantity }, at) => {
    const before = left.get(id) ?? 0;
    left.set(id, before - quantity);
    return before >= quantity ? [] : [{ at, left: Math.max(0, before) }];
  });
}

/** Whether a buyer may still ask: while a parcel is on its way, and for some time after the last has arrived. */
export function isInTime(parcels: readonly Parcel[], now: number): boolean {
  if (parcels.some(({ status }) => status === "shipped")) return true;
  const last = Math.max(...parcels.map(({ deliveredAt }) => deliveredAt?.getTime() ?? 0));
  return now <= last + returnLimits.askWithinDays * dayMs;
}
