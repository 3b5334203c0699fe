import fc from "fast-check";
import { expect, test } from "vitest";
import { type EpochMs, epochMs } from "#core/time";
import {
  type Adjust,
  type Adjustment,
  type Decision,
  type JournalEntry,
  type LedgerView,
  type Reservation,
  type Stock,
  adjust,
  availableOf,
  commit,
  emptyStock,
  expire,
  release,
  reserve,
  revert,
} from "#durable-objects/inventory/ledger";

/** The ledger over plain maps: what the object does with SQLite, without the runtime. */
function createLedger() {
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
  const decide = <Reply>(make: (view: LedgerView, now: EpochMs) => Decision<Reply>): Reply => {
    for (const each of reservations.values())
      if (each.status === "held" && each.expiresAt <= now) save(expire(stock, each, now));
    return save(make(view, now));
  };
  return {
    reservations,
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
    adjust: (command: Omit<Adjust, "movementId" | "reason">) =>
      decide((each, at) => adjust(each, { ...command, movementId: command.id, reason: "test" }, at)),
  };
}

type Ledger = ReturnType<typeof createLedger>;

function stocked(units: number): Ledger {
  const ledger = createLedger();
  ledger.adjust({ type: "receive", id: "first", quantity: units });
  return ledger;
}

/** What must hold after every command, whatever came before. */
function checkBooks(ledger: Ledger): void {
  const { onHand, held, sold, seq } = ledger.stock();
  const sum = (status: Reservation["status"]) =>
    [...ledger.reservations.values()]
      .filter((reservation) => reservation.status === status)
      .reduce((total, reservation) => total + reservation.quantity, 0);
  expect(availableOf(ledger.stock())).toBeGreaterThanOrEqual(0);
  expect(held).toBe(sum("held"));
  expect(sold).toBe(sum("committed"));
  expect(ledger.journal.map((entry) => entry.seq)).toEqual(ledger.journal.map((_, index) => index + 1));
  expect(seq).toBe(ledger.journal.length);
  const received = ledger.journal
    .filter((entry) => ["receive", "shrink", "recount"].includes(entry.kind))
    .reduce((total, entry) => total + entry.quantity, 0);
  expect(onHand).toBe(received);
}

test("the last unit goes to one of two buyers, and the refusal is repeated even after it came back", () => {
  const ledger = stocked(1);
  expect(ledger.reserve("a", 1)).toMatchObject({ ok: true, status: "held" });
  expect(ledger.reserve("b", 1)).toEqual({ ok: false, reason: "insufficient_stock", available: 0 });
  ledger.release("a");
  expect(ledger.reserve("b", 1)).toMatchObject({ ok: false, reason: "insufficient_stock" });
  expect(ledger.reserve("c", 1)).toMatchObject({ ok: true });
});

test("a repeated reserve finds its hold, and another quantity under the same id is a conflict", () => {
  const ledger = stocked(5);
  const first = ledger.reserve("a", 2);
  expect(ledger.reserve("a", 2)).toEqual(first);
  expect(ledger.reserve("a", 3)).toEqual({ ok: false, reason: "conflict" });
  expect(ledger.stock().held).toBe(2);
});

test("a release that overtakes its reserve wins", () => {
  const ledger = stocked(5);
  expect(ledger.release("a")).toEqual({ ok: true });
  expect(ledger.reserve("a", 1)).toEqual({ ok: false, reason: "gone" });
  expect(ledger.stock().held).toBe(0);
});

test("an expired hold is rescued by its commit while stock remains, and gone for good once it was sold", () => {
  const ledger = stocked(2);
  ledger.reserve("rescued", 1, 10);
  ledger.reserve("lost", 1, 10);
  ledger.pass(10);
  expect(ledger.commit("rescued")).toEqual({ ok: true });
  ledger.reserve("other", 1);
  expect(ledger.commit("lost")).toEqual({ ok: false, reason: "gone" });
  ledger.release("other");
  expect(ledger.commit("lost")).toEqual({ ok: false, reason: "gone" });
  expect(availableOf(ledger.stock())).toBe(1);
});

test("a committed sale is not released, but reverted when its payment never came", () => {
  const ledger = stocked(3);
  ledger.reserve("a", 2);
  ledger.commit("a");
  expect(ledger.release("a")).toEqual({ ok: false, reason: "committed" });
  expect(ledger.revert("a")).toEqual({ ok: true });
  expect(ledger.revert("a")).toEqual({ ok: true });
  expect(ledger.commit("a")).toEqual({ ok: false, reason: "gone" });
  expect(availableOf(ledger.stock())).toBe(3);
});

test("a recount needs the version that was counted, and counts held units in", () => {
  const ledger = stocked(10);
  ledger.reserve("a", 2);
  ledger.commit("a");
  ledger.reserve("b", 3);
  const { seq } = ledger.stock();
  const stale = ledger.adjust({ type: "recount", id: "r1", quantity: 7, expectedVersion: seq - 1 });
  expect(stale).toMatchObject({ ok: false, reason: "version_mismatch" });
  ledger.adjust({ type: "recount", id: "r2", quantity: 7, expectedVersion: seq });
  expect(availableOf(ledger.stock())).toBe(4);
  const tooLow = ledger.adjust({ type: "recount", id: "r3", quantity: 2, expectedVersion: seq + 1 });
  expect(tooLow).toMatchObject({ ok: false, reason: "insufficient_stock" });
});

test("an adjustment that comes twice takes effect once", () => {
  const ledger = stocked(1);
  const first = ledger.adjust({ type: "receive", id: "x", quantity: 4 });
  expect(ledger.adjust({ type: "receive", id: "x", quantity: 4 })).toEqual({ ...first, replayed: true });
  expect(ledger.adjust({ type: "receive", id: "x", quantity: 5 })).toMatchObject({ reason: "conflict" });
  expect(ledger.stock().onHand).toBe(5);
});

const ids = fc.constantFrom("a", "b", "c", "d", "e");
const quantities = fc.integer({ min: 1, max: 4 });
const commands = fc.oneof(
  fc.record({ type: fc.constant("reserve" as const), id: ids, quantity: quantities }),
  fc.record({ type: fc.constantFrom("release" as const, "commit" as const, "revert" as const), id: ids }),
  fc.record({
    type: fc.constantFrom("receive" as const, "shrink" as const),
    id: fc.uuid(),
    quantity: quantities,
  }),
  fc.record({ type: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 900 }) }),
);

test("no history of commands breaks the books, and a settled claim never changes its mind", () => {
  fc.assert(
    fc.property(fc.array(commands, { maxLength: 60 }), (history) => {
      const ledger = stocked(6);
      const gone = new Set<string>();
      for (const command of history) {
        if (command.type === "reserve") ledger.reserve(command.id, command.quantity);
        else if (command.type === "pass") ledger.pass(command.ms);
        else if (command.type === "receive" || command.type === "shrink") ledger.adjust(command);
        else if (command.type === "commit") {
          const known = ledger.reservations.has(command.id);
          const reply = ledger.commit(command.id);
          if (gone.has(command.id)) expect(reply.ok).toBe(false);
          if (known && !reply.ok) gone.add(command.id);
        } else ledger[command.type](command.id);
        checkBooks(ledger);
      }
    }),
    { numRuns: 2000 },
  );
});
