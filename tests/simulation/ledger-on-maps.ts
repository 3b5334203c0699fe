import { expect } from "vitest";
import { type EpochMs, epochMs } from "#core/time";
import { adjust, setThreshold } from "#durable-objects/inventory/adjustments";
import { commit, expire, release, reserve, revert } from "#durable-objects/inventory/claims";
import {
  type Adjust,
  type Adjustment,
  type Decision,
  type JournalEntry,
  type LedgerView,
  type Reservation,
  type Stock,
  availableOf,
  emptyStock,
} from "#durable-objects/inventory/ledger";
import { type ClaimRepair, openEpoch, settleClaim } from "#durable-objects/inventory/repair";
import { horizonsAt } from "#durable-objects/inventory/retention";

/** The ledger over plain maps: what the object does with SQLite, without the runtime. */
export function createLedger() {
  let stock: Stock = emptyStock;
  let now: EpochMs = epochMs(1_000_000);
  const reservations = new Map<string, Reservation>();
  const adjustments = new Map<string, Adjustment>();
  const journal: JournalEntry[] = [];
  const view: LedgerView = {
    get stock() {
      return stock;
    },
    reservation: (id) => reservations.get(id),
    adjustment: (id) => adjustments.get(id),
  };
  const save = <Reply>(decision: Decision<Reply>): Reply => {
    stock = decision.stock;
    if (decision.reservation) reservations.set(decision.reservation.id, decision.reservation);
    if (decision.adjustment) adjustments.set(decision.adjustment.id, decision.adjustment);
    if (decision.entry) journal.push(decision.entry);
    return decision.reply;
  };
  const expireOverdue = (): void => {
    for (const each of reservations.values())
      if (each.status === "held" && each.expiresAt <= now) save(expire(stock, each, now));
  };
  const decide = <Reply>(make: (view: LedgerView, now: EpochMs) => Decision<Reply>): Reply => {
    expireOverdue();
    return save(make(view, now));
  };
  return {
    reservations,
    adjustments,
    journal,
    stock: () => stock,
    pass: (ms: number) => {
      now = epochMs(now + ms);
    },
    reserve: (id: string, quantity: number, holdMs = 1000) =>
      decide((each, at) => reserve(each, { type: "reserve", id, quantity, holdMs }, at)),
    release: (id: string) => decide((each, at) => release(each, { type: "release", id }, at)),
    commit: (id: string) => decide((each, at) => commit(each, { type: "commit", id }, at)),
    revert: (id: string) => decide((each, at) => revert(each, { type: "revert", id }, at)),
    adjust: (command: Omit<Adjust, "movementId" | "reason"> & { reason?: string }) =>
      decide((each, at) => adjust(each, { reason: "test", ...command, movementId: command.id }, at)),
    setThreshold: (lowAt: number) =>
      decide((each, at) => setThreshold(each, { type: "threshold", lowAt }, at)),
    openEpoch: (ledgerSeq: number) =>
      decide((each, at) => openEpoch(each, { ledgerSeq, reason: "test" }, at)),
    settleClaim: (claim: ClaimRepair) => decide((each, at) => settleClaim(each, claim, at)),
    /** Forgets as the object's alarm does. */
    prune: () => {
      expireOverdue();
      const { endedBefore, committedBefore, adjustedBefore } = horizonsAt(now);
      for (const { id, status, changedAt } of reservations.values())
        if (status !== "held" && changedAt <= (status === "committed" ? committedBefore : endedBefore))
          reservations.delete(id);
      for (const { id, at } of adjustments.values()) if (at <= adjustedBefore) adjustments.delete(id);
    },
  };
}

export type Ledger = ReturnType<typeof createLedger>;

export function stocked(units: number): Ledger {
  const ledger = createLedger();
  ledger.adjust({ type: "receive", id: "first", quantity: units });
  return ledger;
}

const unitsOf = (ledger: Ledger, status: Reservation["status"]): number =>
  [...ledger.reservations.values()]
    .filter((reservation) => reservation.status === status)
    .reduce((total, reservation) => total + reservation.quantity, 0);

/** How an entry moves the figures; the journal's sums are made of these. */
const effects: Record<JournalEntry["kind"], { onHand?: number; held?: number; sold?: number }> = {
  hold: { held: 1 },
  release: { held: -1 },
  expire: { held: -1 },
  commit: { held: -1, sold: 1 },
  rescue: { sold: 1 },
  revert: { sold: -1 },
  receive: { onHand: 1 },
  shrink: { onHand: 1 },
  recount: { onHand: 1 },
  threshold: {},
  epoch: {},
};

/** What must hold after every command, whatever came before, as long as nothing was forgotten. */
export function checkBooks(ledger: Ledger): void {
  const { held, sold } = ledger.stock();
  expect(sold).toBe(unitsOf(ledger, "committed"));
  expect(held).toBe(unitsOf(ledger, "held"));
  checkJournal(ledger);
}

/** What must hold even when old claims were forgotten. */
export function checkJournal(ledger: Ledger): void {
  const { onHand, held, sold, seq } = ledger.stock();
  expect(availableOf(ledger.stock())).toBeGreaterThanOrEqual(0);
  expect(held).toBe(unitsOf(ledger, "held"));
  expect(seq).toBe(ledger.journal.at(-1)?.seq ?? 0);
  const sums = { onHand: 0, held: 0, sold: 0 };
  let before = { seq: 0, epoch: 1 };
  for (const entry of ledger.journal) {
    if (entry.kind === "epoch") {
      expect(entry.epoch).toBe(before.epoch + 1);
      expect(entry.seq).toBeGreaterThan(before.seq);
    } else expect(entry).toMatchObject({ seq: before.seq + 1, epoch: before.epoch });
    before = entry;
    const effect = effects[entry.kind];
    sums.onHand += (effect.onHand ?? 0) * entry.quantity;
    sums.held += (effect.held ?? 0) * entry.quantity;
    sums.sold += (effect.sold ?? 0) * entry.quantity;
    expect(entry).toMatchObject(sums);
  }
  expect({ onHand, held, sold }).toEqual(sums);
}
