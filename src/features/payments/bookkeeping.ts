import type { PaymentProvider } from "#core/payment-facts";

/** A movement of money to be booked. Amounts in minor units. */
export type MoneyFact = {
  /** Names what is booked, such as `capture:pay_…`. */
  readonly transactionId: string;
  readonly kind: "capture" | "refund";
  readonly orderId: string;
  readonly provider: PaymentProvider;
  readonly amount: number;
  readonly currency: string;
};

export type Posting = { readonly account: string; readonly amount: number };

/** The two sides of a fact: what the provider owes us moves against sales or refunds, and the sum is zero. */
export function postingsOf({ kind, provider, amount }: MoneyFact): readonly [Posting, Posting] {
  const receivable = `receivable:${provider}`;
  return kind === "capture"
    ? [
        { account: receivable, amount },
        { account: "sales", amount: -amount },
      ]
    : [
        { account: "refunds", amount },
        { account: receivable, amount: -amount },
      ];
}
