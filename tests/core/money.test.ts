import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Currency, addMoney, allocate, minorUnits, money, multiplyMoney } from "#core/money";

const usd = Currency.parse("USD");

test("splitting an amount loses and makes no unit, and every share is within one unit of its due", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      fc
        .array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 20 })
        .filter((weights) => weights.some(Boolean)),
      (total, weights) => {
        const shares = allocate(minorUnits(total), weights);
        const weightTotal = weights.reduce((sum, weight) => sum + weight, 0);
        expect(shares.reduce((sum, share) => sum + BigInt(share), 0n)).toBe(BigInt(total));
        for (const [index, share] of shares.entries()) {
          const due = BigInt(total) * BigInt(weights[index] ?? 0);
          const error = BigInt(share) * BigInt(weightTotal) - due;
          expect(error > -BigInt(weightTotal) && error < BigInt(weightTotal)).toBe(true);
        }
      },
    ),
  );
});

test("a cent that cannot be split goes to the earliest of equals", () => {
  expect(allocate(minorUnits(100), [1, 1, 1])).toEqual([34, 33, 33]);
});

test("currencies do not mix, and fractions of a unit do not exist", () => {
  expect(() => addMoney(money(1, usd), money(1, Currency.parse("EUR")))).toThrow(RangeError);
  expect(() => money(0.5, usd)).toThrow(RangeError);
  expect(() => multiplyMoney(money(Number.MAX_SAFE_INTEGER, usd), 2)).toThrow(RangeError);
});
