import { randomInt } from "node:crypto";
import { randomText } from "../simulator/random-text.ts";

const CAPITALS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const PAYER_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/** An id of PayPal's shape: 17 capitals and digits, the first of them a digit. */
export function newId(): string {
  return `${randomInt(1, 10)}${randomText(16, CAPITALS_AND_DIGITS)}`;
}

export function newEventId(): string {
  return `WH-${newId()}-${newId()}`;
}

export function newDisputeId(): string {
  return `PP-D-${randomInt(10_000, 99_999)}`;
}

export function newPayerId(): string {
  return randomText(13, PAYER_ALPHABET);
}

/** Names one answer to PayPal's support. */
export function newDebugId(): string {
  return randomText(13, "0123456789abcdef");
}
