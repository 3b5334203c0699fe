import * as fc from "fast-check";
import { expect, test } from "vitest";
import { availableOf, inventoryLimits } from "#durable-objects/inventory/ledger";
import { retention } from "#durable-objects/inventory/retention";
import { type Ledger, checkBooks, checkJournal, stocked } from "./ledger-on-maps.ts";

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

test("an adjustment's repetition with another reason is a conflict, not the same adjustment", () => {
  const ledger = stocked(1);
  ledger.adjust({ type: "receive", id: "x", quantity: 4, reason: "delivery" });
  expect(ledger.adjust({ type: "receive", id: "x", quantity: 4, reason: "found" })).toMatchObject({
    ok: false,
    reason: "conflict",
  });
});

test("units of a commit that overtook its reserve are gone for good", () => {
  const ledger = stocked(1);
  expect(ledger.commit("a")).toEqual({ ok: false, reason: "gone" });
  expect(ledger.reserve("a", 1)).toEqual({ ok: false, reason: "gone" });
  expect(ledger.commit("a")).toEqual({ ok: false, reason: "gone" });
  expect(ledger.stock().held).toBe(0);
});

test("what exceeds a limit is refused and forgotten", () => {
  const ledger = stocked(5);
  const { quantityMax, holdMsMax, onHandMax, lowAtMax } = inventoryLimits;
  const refused = { ok: false, reason: "limit_exceeded" };
  for (const quantity of [0, -1, 1.5, Number.NaN, quantityMax + 1])
    expect(ledger.reserve("a", quantity)).toEqual(refused);
  for (const holdMs of [0, holdMsMax + 1]) expect(ledger.reserve("a", 1, holdMs)).toEqual(refused);
  for (const quantity of [0, -3, quantityMax + 1])
    expect(ledger.adjust({ type: "receive", id: "b", quantity })).toMatchObject(refused);
  expect(ledger.setThreshold(lowAtMax + 1)).toEqual(refused);
  expect([ledger.reservations.size, ledger.adjustments.size, ledger.journal.length]).toEqual([0, 1, 1]);
  for (let received = 5; received + quantityMax <= onHandMax; received += quantityMax)
    ledger.adjust({ type: "receive", id: String(received), quantity: quantityMax });
  expect(ledger.adjust({ type: "receive", id: "c", quantity: quantityMax })).toMatchObject(refused);
});

test("a repair opens an epoch behind both sides, and makes each claim what its order wants", () => {
  const ledger = stocked(4);
  ledger.reserve("stranded", 1);
  ledger.reserve("paid", 1);
  ledger.openEpoch(40);
  expect(ledger.journal.at(-1)).toMatchObject({ kind: "epoch", epoch: 2, seq: 41, onHand: 4, held: 2 });
  expect(ledger.settleClaim({ id: "stranded", quantity: 1, was: "held", want: "none" })).toBe(true);
  expect(ledger.settleClaim({ id: "paid", quantity: 1, was: "held", want: "committed" })).toBe(true);
  expect(ledger.settleClaim({ id: "lost", quantity: 2, was: "none", want: "committed" })).toBe(true);
  expect(ledger.settleClaim({ id: "waiting", quantity: 1, was: "none", want: "held" })).toBe(true);
  expect(ledger.settleClaim({ id: "too late", quantity: 1, was: "none", want: "held" })).toBe(false);
  expect(ledger.stock()).toMatchObject({ onHand: 4, held: 1, sold: 3, seq: 45, epoch: 2 });
  checkBooks(ledger);
});

const ids = fc.constantFrom("a", "b", "c", "d", "e");
const quantities = fc.integer({ min: 1, max: 4 });
const claimCommands = [
  fc.record({ type: fc.constant("reserve" as const), id: ids, quantity: quantities }),
  fc.record({ type: fc.constantFrom("release" as const, "commit" as const, "revert" as const), id: ids }),
];
const commands = fc.oneof(
  ...claimCommands,
  fc.record({
    type: fc.constantFrom("receive" as const, "shrink" as const),
    id: fc.uuid(),
    quantity: quantities,
  }),
  fc.record({ type: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 900 }) }),
  fc.record({ type: fc.constant("threshold" as const), lowAt: fc.integer({ min: 0, max: 8 }) }),
  fc.record({ type: fc.constant("epoch" as const), ahead: fc.integer({ min: -3, max: 3 }) }),
  fc.record({
    type: fc.constant("settle" as const),
    id: ids,
    quantity: quantities,
    was: fc.constantFrom("held" as const, "committed" as const, "none" as const),
    want: fc.constantFrom("held" as const, "committed" as const, "none" as const),
  }),
);
type Command = typeof commands extends fc.Arbitrary<infer Each> ? Each : never;

function apply(ledger: Ledger, command: Command): boolean | undefined {
  switch (command.type) {
    case "reserve":
      return ledger.reserve(command.id, command.quantity).ok;
    case "pass":
      ledger.pass(command.ms);
      return undefined;
    case "receive":
    case "shrink":
      return ledger.adjust(command).ok;
    case "threshold":
      return ledger.setThreshold(command.lowAt).ok;
    case "epoch":
      return ledger.openEpoch(ledger.stock().seq + command.ahead);
    case "settle":
      return ledger.settleClaim(command);
    case "release":
    case "commit":
    case "revert":
      return ledger[command.type](command.id).ok;
  }
}

test("no history of commands breaks the books, and what is gone is gone until a person repairs it", () => {
  fc.assert(
    fc.property(fc.array(commands, { maxLength: 60 }), (history) => {
      const ledger = stocked(6);
      const gone = new Set<string>();
      for (const command of history) {
        const ok = apply(ledger, command);
        if (command.type === "settle") gone.delete(command.id);
        if (command.type === "commit") {
          if (gone.has(command.id)) expect(ok).toBe(false);
          if (ok === false) gone.add(command.id);
        }
        checkBooks(ledger);
      }
    }),
    { numRuns: 1000 },
  );
});

test("a claim that moved on since it was compared is left alone", () => {
  const ledger = stocked(2);
  ledger.reserve("a", 1);
  ledger.commit("a");
  expect(ledger.settleClaim({ id: "a", quantity: 1, was: "held", want: "none" })).toBe(false);
  expect(ledger.stock().sold).toBe(1);
});

test("a claim that is repaired has what its order wants, or nobody has the units for it", () => {
  fc.assert(
    fc.property(fc.array(commands, { maxLength: 30 }), ids, quantities, (history, id, quantity) => {
      const ledger = stocked(6);
      for (const command of history) apply(ledger, command);
      // Ends what is overdue.
      ledger.openEpoch(0);
      const before = ledger.reservations.get(id);
      const had = before?.status === "held" || before?.status === "committed";
      const was = had ? before.status : "none";
      const free = availableOf(ledger.stock());
      const done = ledger.settleClaim({ id, quantity, was, want: "committed" });
      if (done) expect(ledger.reservations.get(id)).toMatchObject({ status: "committed", quantity });
      else if (had) expect(before.quantity).not.toBe(quantity);
      else expect(free).toBeLessThan(quantity);
    }),
    { numRuns: 500 },
  );
});

test("late repeats of forgotten claims never break the books, and sell nothing", () => {
  const late = fc.array(fc.oneof(...claimCommands), { maxLength: 20 });
  fc.assert(
    fc.property(fc.array(commands, { maxLength: 40 }), late, (history, repeats) => {
      const ledger = stocked(6);
      for (const command of history) apply(ledger, command);
      ledger.pass(retention.endedClaimMs + 1000);
      ledger.prune();
      const sold = [...ledger.reservations.values()].filter(({ status }) => status === "committed");
      expect(ledger.reservations.size).toBe(sold.length + ended(ledger));
      for (const command of repeats) {
        const known = ledger.reservations.has(command.id);
        const ok = apply(ledger, command);
        if (command.type === "commit" && !known) expect(ok).toBe(false);
        checkBooks(ledger);
      }
    }),
    { numRuns: 500 },
  );
});

/** Holds that were ended by the very touch that prunes: they are remembered for their time. */
function ended(ledger: Ledger): number {
  return [...ledger.reservations.values()].filter(({ status }) => status === "expired").length;
}

test("a claim that ended is remembered for its time", () => {
  const ledger = stocked(2);
  ledger.reserve("a", 1);
  ledger.release("a");
  ledger.pass(retention.endedClaimMs - 1);
  ledger.prune();
  expect(ledger.reserve("a", 1)).toEqual({ ok: false, reason: "gone" });
  ledger.pass(1);
  ledger.prune();
  expect(ledger.reservations.size).toBe(0);
});

test("a sale stays counted when its claim is forgotten", () => {
  const ledger = stocked(2);
  ledger.reserve("a", 2);
  ledger.commit("a");
  ledger.pass(retention.committedClaimMs - 1);
  ledger.prune();
  expect(ledger.commit("a")).toEqual({ ok: true });
  ledger.pass(1);
  ledger.prune();
  expect([ledger.reservations.size, ledger.adjustments.size]).toEqual([0, 0]);
  expect(ledger.stock().sold).toBe(2);
  checkJournal(ledger);
});
