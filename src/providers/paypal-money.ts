import { AppError } from "#core/errors";

/** Currencies that PayPal takes in whole units only, though some of them have smaller ones. */
const withoutDecimals = ["HUF", "JPY", "TWD"];

/** Minor units as PayPal's decimal text. @throws AppError invalid_request for a fraction that PayPal cannot express. */
export function paypalValue(minor: number, currency: string): string {
  const scale = 10 ** (minorDigits(currency) - paypalDigits(currency));
  if (!Number.isInteger(minor / scale))
    throw new AppError("invalid_request", {
      detail: `PayPal takes no fractions of ${currency}. Choose another way to pay.`,
    });
  const digits = paypalDigits(currency);
  const text = String(minor / scale).padStart(digits + 1, "0");
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** @throws RangeError when the text is no amount of the currency. */
export function minorUnitsOfPaypal(value: string, currency: string): number {
  const [whole = "", decimals = ""] = value.split(".");
  const digits = minorDigits(currency);
  const minor = Number(whole + decimals.padEnd(digits, "0"));
  if (decimals.length > digits || !Number.isSafeInteger(minor) || !/^\d+$/.test(whole + decimals))
    throw new RangeError(`not an amount of ${currency}: ${value}`);
  return minor;
}

function paypalDigits(currency: string): number {
  return withoutDecimals.includes(currency) ? 0 : 2;
}

function minorDigits(currency: string): number {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return format.resolvedOptions().maximumFractionDigits ?? 2;
}
