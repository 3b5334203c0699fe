import type { History, JournalMark, Operation } from "./history.ts";
import type { Entry } from "./journal.ts";

/** The journal tells the time in milliseconds, by a clock that the runtime moves only between events. */
const CLOCK_MICROSECONDS = 5_000;

/** What the journal calls the effects of a buyer's calls. */
const KINDS: Readonly<Record<string, Operation["kind"]>> = {
  hold: "reserve",
  commit: "commit",
  rescue: "commit",
  release: "release",
  revert: "release",
};

/** A claim in the journal: the marks of what became of it. */
type Claim = { orderId: string; quantity: number; marks: Map<Operation["kind"], JournalMark> };

/** A SKU's journal, and when it was read. */
export type JournalCopy = { sku: string; entries: readonly Entry[]; readAt: number };

/** What does not fit: claims that no call explains, and answered calls of which the journal tells nothing. */
export type Mismatch = { unexplained: number; missing: number };

/**
 * Finds each operation in its SKU's journal. Operations of an order are known by its id. A placement that was refused
 * never learns the id under which it held for a moment what it could get: any claim of no known order that fits it is
 * as good as another.
 */
export function matchJournal({ operations }: History, copy: JournalCopy): Mismatch {
  const own = operations.filter(({ sku, kind }) => sku === copy.sku && kind !== "read");
  const claims = claimsOf(copy.entries);
  const orders = new Set(own.flatMap(({ orderId }) => orderId ?? []));
  for (const operation of own) mark(operation, claims.get(operation.orderId ?? ""), copy);
  const momentary = pairsOf(own.filter(({ orderId }) => orderId === undefined));
  let unexplained = 0;
  for (const claim of claims.values()) {
    if (orders.has(claim.orderId)) continue;
    // They come in the journal's order, and whoever closes first can explain fewest of those that follow.
    const [pair] = momentary.filter((each) => fits(each, claim)).toSorted(closingFirst);
    if (pair === undefined) unexplained++;
    else for (const operation of pair) mark(operation, claim, copy);
  }
  const missing = own.filter(({ outcome, entry }) => outcome === "ok" && entry === undefined).length;
  return { unexplained, missing };
}

function claimsOf(journal: readonly Entry[]): Map<string, Claim> {
  const claims = new Map<string, Claim>();
  for (const { seq: position, kind, quantity, reservation_id: reservationId, at } of journal) {
    const [orderId] = (reservationId ?? "").split("/");
    const operationKind = KINDS[kind];
    if (orderId === undefined || orderId === "" || operationKind === undefined) continue;
    const claim = claims.get(orderId) ?? { orderId, quantity, marks: new Map() };
    const written = at.getTime() * 1000;
    const [from, until] = [written - CLOCK_MICROSECONDS, written + CLOCK_MICROSECONDS];
    claims.set(orderId, { ...claim, marks: claim.marks.set(operationKind, { position, from, until }) });
  }
  return claims;
}

function mark(operation: Operation, claim: Claim | undefined, { readAt }: JournalCopy): void {
  const found = claim?.marks.get(operation.kind);
  if (found === undefined) return;
  operation.entry = found;
  if (operation.outcome === "ok") operation.return ??= readAt;
}

/** What a placement held for a moment: its reserve, and its release where it has one. */
type Pair = Operation[];

function pairsOf(unnamed: readonly Operation[]): Pair[] {
  const pairs = new Map<string, Pair>();
  for (const operation of unnamed) {
    if (operation.outcome === "refused") continue;
    const name = String(operation.client);
    pairs.set(name, [...(pairs.get(name) ?? []), operation]);
  }
  return [...pairs.values()];
}

function fits(pair: Pair, claim: Claim): boolean {
  return (
    pair.every(({ entry, quantity }) => entry === undefined && quantity === claim.quantity) &&
    [...claim.marks].every(([kind, { from, until }]) => {
      const operation = pair.find((each) => each.kind === kind);
      return operation !== undefined && operation.call <= until && from <= closingOf(operation);
    })
  );
}

function closingFirst([one]: Pair, [other]: Pair): number {
  return (one === undefined ? 0 : closingOf(one)) - (other === undefined ? 0 : closingOf(other));
}

function closingOf(operation: Operation): number {
  return operation.return ?? Number.MAX_SAFE_INTEGER;
}
