import { z } from "zod";

/** An integer count of a currency's smallest unit (cents for USD, yen for JPY), within the safe integers. */
export type MinorUnits = number & { readonly __brand: "MinorUnits" };

/** ISO 4217 code in capitals. */
export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .brand<"Currency">();
export type Currency = z.infer<typeof Currency>;

export type Money = { readonly minor: MinorUnits; readonly currency: Currency };

/** @throws RangeError when the number is no safe integer: an amount is never rounded silently. */
export function minorUnits(value: number): MinorUnits {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number of minor units: ${value}`);
  return value as MinorUnits;
}

export function money(minor: number, currency: Currency): Money {
  return { minor: minorUnits(minor), currency };
}

/** @throws RangeError when the currencies differ. */
export function addMoney(left: Money, right: Money): Money {
  if (left.currency !== right.currency)
    throw new RangeError(`cannot add ${right.currency} to ${left.currency}`);
  return money(left.minor + right.minor, left.currency);
}

export function multiplyMoney(unit: Money, quantity: number): Money {
  return money(unit.minor * quantity, unit.currency);
}

/** Sums amounts of one currency; an empty list is zero. */
export function sumMoney(amounts: readonly Money[], currency: Currency): Money {
  let total = money(0, currency);
  for (const amount of amounts) total = addMoney(total, amount);
  return total;
}

/**
 * Splits an amount by whole-number weights without losing a unit: the largest remainders get the units that rounding
 * left over, earlier entries first among equals. The amount is not negative.
 */
export function allocate(total: MinorUnits, weights: readonly number[]): MinorUnits[] {
  const weightTotal = weights.reduce((sum, weight) => sum + BigInt(weight), 0n);
  if (total < 0 || weightTotal <= 0n || weights.some((weight) => weight < 0))
    throw new RangeError("an amount to split and its weights are not negative, and not all weights are zero");
  const portions = weights.map((weight, index) => {
    const exact = BigInt(total) * BigInt(weight);
    return { index, share: Number(exact / weightTotal), remainder: exact % weightTotal };
  });
  const left = total - portions.reduce((sum, portion) => sum + portion.share, 0);
  const byRemainder = portions.toSorted(
    (a, b) => Number(b.remainder > a.remainder) - Number(b.remainder < a.remainder) || a.index - b.index,
  );
  const luckyOnes = new Set(byRemainder.slice(0, left).map((portion) => portion.index));
  return portions.map(({ index, share }) => minorUnits(share + (luckyOnes.has(index) ? 1 : 0)));
}

/** Money on the wire: minor units and currency, always together. */
export const MoneyWire = z.strictObject({ amount: z.int(), currency: z.string().length(3) });
export type MoneyWire = z.infer<typeof MoneyWire>;

export function moneyToWire(amount: Money): MoneyWire {
  return { amount: amount.minor, currency: amount.currency };
}
