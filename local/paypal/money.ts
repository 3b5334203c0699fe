import { z } from "zod";
import { invalidBody, unprocessable } from "./failure.ts";

/** As PayPal writes money: the value is decimal text with as many places as the currency has. */
export type Money = { currency_code: string; value: string };

/** The currencies that PayPal takes, from https://developer.paypal.com/api/rest/reference/currency-codes/. */
const CURRENCIES =
  "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD USD".split(
    " ",
  );
const WITHOUT_DECIMALS = ["HUF", "JPY", "TWD"];
const VALUE_PATTERN = /^-?(\d+|\d*\.\d+)$/;
const VALUE_LENGTH_MAX = 32;

export const MoneyFields = z.looseObject({
  currency_code: z.string().length(3),
  value: z.string().max(VALUE_LENGTH_MAX),
});

type Place = { field: string; mayBeZero?: boolean };

/** The amount in the currency's smallest unit. Throws PayPal's refusal unless the currency can express it. */
export function unitsOf({ currency_code: currency, value }: Money, place: Place): number {
  const { field } = place;
  if (!VALUE_PATTERN.test(value)) {
    throw invalidBody("INVALID_PARAMETER_SYNTAX", { field: `${field}/value`, value });
  }
  if (!CURRENCIES.includes(currency)) {
    throw unprocessable("INVALID_CURRENCY_CODE", { field: `${field}/currency_code`, value: currency });
  }
  const [whole = "", decimals = ""] = value.split(".");
  const places = placesOf(currency);
  if (decimals.length > places) {
    const issue = places === 0 ? "DECIMALS_NOT_SUPPORTED" : "DECIMAL_PRECISION";
    throw unprocessable(issue, { field: `${field}/value`, value });
  }
  const units = Number(whole + decimals.padEnd(places, "0"));
  if (place.mayBeZero === true && units === 0) return 0;
  if (units <= 0) throw unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE", { field: `${field}/value`, value });
  return units;
}

/** The units of money that this simulator has checked before. */
export function knownUnits(money: Money): number {
  return Math.round(Number(money.value) * 10 ** placesOf(money.currency_code));
}

export function moneyOf(units: number, currency: string): Money {
  const places = placesOf(currency);
  return { currency_code: currency, value: (units / 10 ** places).toFixed(places) };
}

function placesOf(currency: string): number {
  return WITHOUT_DECIMALS.includes(currency) ? 0 : 2;
}
