/** What becomes of a payment is decided by who pays it: PayPal's sandbox has accounts for this, we have addresses. */
export type Behaviour =
  | "approve"
  /** Refused when the order is authorised or captured; the buyer may choose another way to pay. */
  | "decline"
  /** Refused when the order is authorised or captured, for good. */
  | "refuse"
  /** Authorised, but the capture of the authorisation is refused. */
  | "cannot_pay"
  /** The capture is pending for some seconds and then completed. */
  | "review"
  /** The capture is pending for some seconds and then denied. */
  | "deny"
  /** Paid, and disputed some seconds later. */
  | "dispute";

export type TestPayer = { email: string; title: string; behaviour: Behaviour };

export const TEST_PAYERS: readonly TestPayer[] = [
  { email: "buyer@buyer.example", title: "Pays", behaviour: "approve" },
  { email: "declined@buyer.example", title: "Instrument declined", behaviour: "decline" },
  { email: "refused@buyer.example", title: "Transaction refused", behaviour: "refuse" },
  { email: "cannot-pay@buyer.example", title: "Authorised, then cannot pay", behaviour: "cannot_pay" },
  { email: "review@buyer.example", title: "Pending for 10 s, then paid", behaviour: "review" },
  { email: "denied@buyer.example", title: "Pending for 10 s, then denied", behaviour: "deny" },
  { email: "dispute@buyer.example", title: "Pays, and disputes 10 s later", behaviour: "dispute" },
];

export const DEFAULT_PAYER = "buyer@buyer.example";

/** Anybody else simply pays. */
export function behaviourOf(email: string): Behaviour {
  return TEST_PAYERS.find((payer) => payer.email === email)?.behaviour ?? "approve";
}
