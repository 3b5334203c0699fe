import { z } from "zod";
import { type EpochMs, epochMs } from "./time.ts";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** Every kind of id and its prefix. */
export const idPrefixes = {
  user: "usr",
  session: "ses",
  consent: "cns",
  mailToken: "mtk",
  address: "adr",
  identity: "idn",
  passkey: "psk",
  product: "prd",
  variant: "var",
  category: "cat",
  import: "imp",
  cart: "crt",
  cartLine: "cln",
  handover: "hnd",
  order: "ord",
  orderLine: "oln",
  orderEvent: "oev",
  fulfilment: "ful",
  paymentAttempt: "pay",
  paymentEvent: "pev",
  paymentReview: "prv",
  paymentDifference: "pdf",
  refund: "rfd",
  return: "ret",
  dispute: "dsp",
  event: "evt",
  movement: "mov",
  request: "req",
  search: "sch",
  searchRebuild: "srb",
  synonym: "syn",
  review: "rev",
  staffRole: "rol",
  apiKey: "key",
} as const;

export type IdKind = keyof typeof idPrefixes;
export type Id<Kind extends IdKind> = string & { readonly __id: Kind };

/**
 * A new id such as `ord_01kaxk…`: the prefix, 48 bits of time and 80 random bits in Crockford's base 32, so that ids
 * made later sort later.
 */
export function newId<Kind extends IdKind>(kind: Kind, now: EpochMs): Id<Kind> {
  const random = crypto.getRandomValues(new Uint8Array(16));
  let text = firstIdAt(kind, now);
  for (const byte of random) text += alphabet[byte % 32];
  return text as Id<Kind>;
}

/** What ids that were made before this time sort before, and all others after: the beginning of an id, and none itself. */
export function firstIdAt(kind: IdKind, time: EpochMs): string {
  let text = `${idPrefixes[kind]}_`;
  for (let shift = 45; shift >= 0; shift -= 5) text += alphabet[Math.floor(time / 2 ** shift) % 32];
  return text;
}

/**
 * The shard of an id, from 0 to 1,023, which the first two of its random letters tell. With the settings it says in which
 * database orders live.
 */
export function shardOfId(id: string): number {
  return alphabet.indexOf(id.charAt(id.length - 16)) * 32 + alphabet.indexOf(id.charAt(id.length - 15));
}

/** What lives in the database of its order and has ids of the order's shard. */
const besideOrders: ReadonlySet<string> = new Set(
  (
    [
      "order",
      "orderLine",
      "fulfilment",
      "paymentAttempt",
      "paymentReview",
      "refund",
      "return",
      "dispute",
    ] satisfies IdKind[]
  ).map((kind) => idPrefixes[kind]),
);

/** Whether this is the id of an order or of something that lives with one. */
export function livesWithOrder(id: string): boolean {
  return besideOrders.has(id.slice(0, 3)) && id.charAt(3) === "_";
}

/** A new id of the same shard as another: an order's of its customer, and what belongs to an order of the order. */
export function newIdBeside<Kind extends IdKind>(kind: Kind, now: EpochMs, other: string): Id<Kind> {
  const id = newId(kind, now);
  return `${id.slice(0, -16)}${other.slice(-16, -14)}${id.slice(-14)}` as Id<Kind>;
}

/** When this id was made. */
export function timeOfId(id: string): EpochMs {
  const time = id.slice(id.indexOf("_") + 1, -16);
  return epochMs(Array.from(time).reduce((sum, letter) => sum * 32 + alphabet.indexOf(letter), 0));
}

/** Accepts only the form that {@link newId} makes, so that a malformed id is refused before it reaches a store. */
export function idSchema<Kind extends IdKind>(kind: Kind): z.ZodType<Id<Kind>, string> {
  const pattern = new RegExp(`^${idPrefixes[kind]}_[0-9a-hjkmnp-tv-z]{26}$`);
  return z
    .string()
    .regex(pattern)
    .transform((value) => value as Id<Kind>);
}
