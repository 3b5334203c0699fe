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

type Booked = { readonly id: string; readonly currency: string };

/** Money that a payment took for an order, booked once for the payment. */
export function captureFact(
  { id: orderId, currency }: Booked,
  { id, provider }: { readonly id: string; readonly provider: PaymentProvider },
  amount: number,
): MoneyFact {
  return { transactionId: `capture:${id}`, kind: "capture", orderId, provider, amount, currency };
}

/** Money of an order that went back, booked once for the refund. */
export function refundFact(
  { id: orderId, currency }: Booked,
  { id, amount }: { readonly id: string; readonly amount: number },
  provider: PaymentProvider,
): MoneyFact {
  return { transactionId: `refund:${id}`, kind: "refund", orderId, provider, amount, currency };
}

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
