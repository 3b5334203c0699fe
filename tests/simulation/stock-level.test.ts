import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type StockLevel, levelAfter, newsOf, riseMargin } from "#durable-objects/inventory/stock-level";
import { stocked } from "./ledger-on-maps.ts";

const newsIn = (ledger: ReturnType<typeof stocked>) =>
  ledger.journal.map((entry) => newsOf(entry.levelBefore, entry.level)).filter((news) => news !== undefined);

test("selling out tells low once, out once, and back when units come", () => {
  const ledger = stocked(7);
  for (let sale = 0; sale < 7; sale++) {
    ledger.reserve(`${sale}`, 1);
    ledger.commit(`${sale}`);
  }
  ledger.adjust({ type: "receive", id: "more", quantity: 20 });
  expect(newsIn(ledger)).toEqual(["stock.back", "stock.low", "stock.out", "stock.back"]);
  expect(ledger.stock().level).toBe("in_stock");
});

test("a unit that is held and given back at the threshold a hundred times is told of once", () => {
  const ledger = stocked(6);
  for (let time = 0; time < 100; time++) {
    ledger.reserve(`${time}`, 1);
    ledger.release(`${time}`);
  }
  expect(newsIn(ledger)).toEqual(["stock.back", "stock.low"]);
});

test("the last free unit may go from hold to hold unnoticed, but counts once nothing is held", () => {
  const ledger = stocked(2);
  ledger.reserve("kept", 1);
  for (let time = 0; time < 10; time++) {
    ledger.reserve(`${time}`, 1);
    ledger.release(`${time}`);
  }
  expect(newsIn(ledger)).toEqual(["stock.back", "stock.out"]);
  ledger.release("kept");
  expect(newsIn(ledger).at(-1)).toBe("stock.back");
});

test("the only unit there is counts as back when its hold ends", () => {
  const ledger = stocked(1);
  ledger.reserve("a", 1);
  ledger.release("a");
  expect(newsIn(ledger)).toEqual(["stock.back", "stock.out", "stock.back"]);
});

test("a new threshold takes effect at once", () => {
  const ledger = stocked(10);
  ledger.setThreshold(10);
  expect(ledger.stock()).toMatchObject({ level: "low", lowAt: 10 });
  ledger.setThreshold(2);
  expect(ledger.stock().level).toBe("in_stock");
  expect(ledger.journal.at(-1)).toMatchObject({ kind: "threshold", quantity: 2, onHand: 10 });
});

const figures = fc.record({
  available: fc.integer({ min: 0, max: 40 }),
  held: fc.integer({ min: 0, max: 5 }),
  lowAt: fc.integer({ min: 0, max: 20 }),
});
const levels = fc.constantFrom("in_stock" as const, "low" as const, "out" as const);

test("a level is out exactly when nothing can be sold, but for the single unit among holds", () => {
  fc.assert(
    fc.property(levels, figures, (level, each) => {
      const after = levelAfter(level, each);
      if (each.available === 0) expect(after).toBe("out");
      if (each.available > 1) expect(after).not.toBe("out");
      if (each.available === 1 && level !== "out") expect(after).not.toBe("out");
    }),
  );
});

test("a low SKU is in stock again only beyond threshold and margin", () => {
  fc.assert(
    fc.property(figures, (each) => {
      const clear = each.available > each.lowAt + riseMargin(each.lowAt);
      expect(levelAfter("low", each) === "in_stock").toBe(clear && each.available > 0);
    }),
  );
});

test("units that move by less than the margin are told of at most once", () => {
  const moves = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 30 });
  fc.assert(
    fc.property(fc.integer({ min: 5, max: 30 }), moves, (lowAt, offsets) => {
      let level: StockLevel = "in_stock";
      const told = offsets.filter((offset) => {
        const before = level;
        level = levelAfter(level, { available: lowAt - 1 + offset, held: 0, lowAt });
        return before !== level;
      });
      expect(told.length).toBeLessThanOrEqual(1);
    }),
  );
});

test("figures that stay change no level", () => {
  fc.assert(
    fc.property(levels, figures, (level, each) => {
      const once = levelAfter(level, each);
      expect(levelAfter(once, each)).toBe(once);
    }),
  );
});
