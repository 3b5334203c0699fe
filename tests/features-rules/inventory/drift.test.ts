import { expect, test } from "vitest";
import { epochMs, minuteMs } from "#core/time";
import { emptyStock } from "#durable-objects/inventory/ledger";
import { type LedgerFacts, driftOf } from "#features/inventory/drift";

const now = epochMs(10_000_000);
const longAgo = epochMs(now - 10 * minuteMs);
const justNow = epochMs(now - 1_000);

type Sides = Parameters<typeof driftOf>[0];
type Claim = Sides["object"]["claims"][number];
type Order = Sides["orders"]["claims"][number];

const claim = (id: string, changes: Partial<Claim> = {}): Claim => ({
  id,
  quantity: 1,
  status: "held",
  expiresAt: now,
  changedAt: longAgo,
  ...changes,
});
const order = (id: string, changes: Partial<Order> = {}): Order => ({
  id,
  quantity: 1,
  want: "held",
  changedAt: longAgo,
  ...changes,
});

/** Ten units on hand after the eleventh entry, all copied; what is held and sold is what the claims say. */
function agreeing(claims: Claim[], orders: Order[]): Sides {
  const units = (status: Claim["status"]) =>
    claims.filter((each) => each.status === status).reduce((sum, { quantity }) => sum + quantity, 0);
  const figures = { onHand: 10, held: units("held"), sold: units("committed") };
  const ledger: LedgerFacts = {
    epoch: 1,
    entries: 11,
    firstSeq: 1,
    lastSeq: 11,
    opening: { onHand: 0, held: 0, sold: 0 },
    moved: figures,
    last: figures,
    level: { ...figures, version: 11 },
  };
  return {
    object: {
      stock: { ...emptyStock, ...figures, seq: 11 },
      drainedSeq: 11,
      heldUnits: figures.held,
      claims: claims.toSorted((a, b) => (a.id < b.id ? 1 : -1)),
      complete: true,
      at: now,
    },
    ledger,
    orders: { claims: orders.toSorted((a, b) => (a.id < b.id ? 1 : -1)), complete: true },
    settledAfterMs: 2 * minuteMs,
  };
}

const kindsOf = (sides: Sides) => driftOf(sides).map(({ kind }) => kind);
const onLedger = (changes: Partial<LedgerFacts>): Sides => {
  const sides = agreeing([], []);
  return { ...sides, ledger: sides.ledger && { ...sides.ledger, ...changes } };
};

test("books that agree show no drift", () => {
  const claims = [claim("a"), claim("b", { status: "committed" }), claim("c", { status: "committed" })];
  const orders = [order("a"), order("b", { want: "committed" }), order("c"), order("d", { want: "any" })];
  expect(driftOf(agreeing(claims, orders))).toEqual([]);
});

test("a hold without an order is stranded, and so is the sale of an order that ended", () => {
  const found = driftOf(agreeing([claim("a"), claim("b", { status: "committed", quantity: 2 })], []));
  expect(found).toMatchObject([
    { kind: "stranded_sale", repair: { id: "b", quantity: 2, was: "committed", want: "none" } },
    { kind: "stranded_hold", repair: { id: "a", quantity: 1, was: "held", want: "none" } },
  ]);
});

test("an order misses its claim when there is none, too little of it, or only a hold once it is paid", () => {
  const claims = [claim("short"), claim("paid")];
  const orders = [order("absent"), order("short", { quantity: 2 }), order("paid", { want: "committed" })];
  const repairs = driftOf(agreeing(claims, orders)).map(({ kind, repair }) => [
    kind,
    repair?.id,
    repair?.was,
  ]);
  expect(repairs).toEqual([
    ["order_without_claim", "short", "held"],
    ["order_without_claim", "paid", "held"],
    ["order_without_claim", "absent", "none"],
  ]);
});

test("what has changed a moment ago is still on its way and not compared", () => {
  const claims = [claim("new", { changedAt: justNow })];
  expect(driftOf(agreeing(claims, [order("newer", { changedAt: justNow })]))).toEqual([]);
});

test("where older claims were not read, only what both sides cover is compared", () => {
  const sides = agreeing([claim("a"), claim("m"), claim("z")], [order("c"), order("m"), order("z")]);
  const partly = { ...sides, orders: { claims: [order("z"), order("m")], complete: false } };
  expect(driftOf(partly)).toEqual([]);
  expect(kindsOf(sides)).toEqual(["stranded_hold", "order_without_claim"]);
});

test("missing numbers are a gap: within the epoch, before its first entry, and behind its end", () => {
  expect(kindsOf(onLedger({ entries: 10 }))).toEqual(["ledger_gap"]);
  expect(kindsOf(onLedger({ firstSeq: 2, entries: 10 }))).toEqual(["ledger_gap"]);
  const figures = agreeing([], []);
  expect(kindsOf({ ...figures, ledger: undefined })).toEqual(["ledger_gap"]);
  const level = { onHand: 10, held: 0, sold: 0, version: 9 };
  expect(kindsOf(onLedger({ entries: 9, lastSeq: 9, level }))).toEqual(["ledger_gap"]);
});

test("a later epoch may start at any number, with the figures that it states", () => {
  const opening = { onHand: 10, held: 0, sold: 0 };
  const sides = onLedger({
    epoch: 2,
    firstSeq: 8,
    entries: 4,
    opening,
    moved: { onHand: 0, held: 0, sold: 0 },
  });
  const stock = { ...sides.object.stock, epoch: 2 };
  expect(driftOf({ ...sides, object: { ...sides.object, stock } })).toEqual([]);
});

test("entries that are not copied yet are no drift", () => {
  const sides = agreeing([], []);
  const stock = { ...sides.object.stock, seq: 14, onHand: 12 };
  expect(driftOf({ ...sides, object: { ...sides.object, stock, drainedSeq: 11 } })).toEqual([]);
});

test("a ledger that goes further than its object is ahead", () => {
  const sides = agreeing([], []);
  const stock = { ...sides.object.stock, seq: 4, onHand: 3 };
  expect(kindsOf({ ...sides, object: { ...sides.object, stock, drainedSeq: 0 } })).toEqual(["ledger_ahead"]);
});

test("figures that do not add up, or are not the object's, differ", () => {
  expect(kindsOf(onLedger({ moved: { onHand: 9, held: 0, sold: 0 } }))).toEqual(["ledger_differs"]);
  const sides = agreeing([], []);
  const stock = { ...sides.object.stock, onHand: 11 };
  expect(kindsOf({ ...sides, object: { ...sides.object, stock } })).toEqual(["ledger_differs"]);
  expect(kindsOf({ ...sides, object: { ...sides.object, heldUnits: 1 } })).toEqual(["held_differs"]);
});

test("a level of another version or with other figures differs", () => {
  const level = { onHand: 10, held: 0, sold: 0, version: 11 };
  expect(kindsOf(onLedger({ level: { ...level, version: 10 } }))).toEqual(["level_differs"]);
  expect(kindsOf(onLedger({ level: { ...level, sold: 1 } }))).toEqual(["level_differs"]);
});
