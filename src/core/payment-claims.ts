/** What is said of a payment: by our own books, by a provider's event, by a provider's reading. Amounts in minor units. */
export type PaymentClaims = {
  readonly mode: "live" | "test";
  /** The provider's id of the account that gets the money; null is the one that our own keys belong to. */
  readonly account: string | null;
  readonly order: string | null;
  readonly attempt: string | null;
  readonly invoice: string | null;
  readonly currency: string;
  readonly amount: number;
  readonly captured: number;
};

type ClaimName = keyof PaymentClaims;

/** What is not said can be neither right nor wrong. */
export type PartialClaims = { readonly [Name in ClaimName]?: PaymentClaims[Name] | undefined };

/** A claim that is not as it should be, with both values. */
export type Contradiction = {
  readonly claim: ClaimName;
  readonly expected: string | number | null;
  readonly told: string | number | null;
};

const claimNames = [
  "mode",
  "account",
  "order",
  "attempt",
  "invoice",
  "currency",
  "amount",
  "captured",
] as const satisfies readonly ClaimName[];

/** What is told otherwise than it is expected. */
export function contradictionsOf(expected: PartialClaims, told: PartialClaims): readonly Contradiction[] {
  return claimNames.flatMap((claim) => {
    const [should, does] = [expected[claim], told[claim]];
    return should === undefined || does === undefined || should === does
      ? []
      : [{ claim, expected: should, told: does }];
  });
}

const mismatchOf = {
  mode: "mode_mismatch",
  account: "account_mismatch",
  order: "identity_mismatch",
  attempt: "identity_mismatch",
  invoice: "identity_mismatch",
  currency: "amount_mismatch",
  amount: "amount_mismatch",
  captured: "amount_mismatch",
} as const satisfies Record<ClaimName, string>;

export type Mismatch = (typeof mismatchOf)[ClaimName];

/** In one word what is wrong with a payment. */
export function mismatchIn([first]: readonly [Contradiction, ...Contradiction[]]): Mismatch {
  return mismatchOf[first.claim];
}

/** Whether it speaks of somebody else's payment, whatever the money. */
export function isOfIdentity({ claim }: Contradiction): boolean {
  return mismatchOf[claim] === "identity_mismatch";
}

export function isContradictory(
  contradictions: readonly Contradiction[],
): contradictions is readonly [Contradiction, ...Contradiction[]] {
  return contradictions.length > 0;
}
