import type { PaymentFacts, PaymentProvider } from "#core/payment-facts";
import type { OrderChangeType } from "#events/catalogue";
import type { OrderStatus, OrderTransition } from "#features/orders/rules";
import type { ReviewCause } from "./parking.ts";
import type { AttemptStatus } from "./rules.ts";

/** The payment attempt as the settlement sees it. */
export type SettledAttempt = {
  readonly id: string;
  readonly orderId: string;
  readonly provider: PaymentProvider;
  readonly status: AttemptStatus;
  readonly providerReference: string | null;
  readonly failureCode: string | null;
  /** When staff decided that it is its order's, whatever it says of itself. */
  readonly acceptedAt: Date | null;
};

/** The order as the settlement sees it. Amounts in minor units. */
export type SettledOrder = {
  readonly id: string;
  readonly status: OrderStatus;
  readonly total: number;
  readonly currency: string;
  /** Oldest first. */
  readonly attempts: readonly SettledAttempt[];
  /** The newest attempt, which pays the order; earlier ones were superseded by it. */
  readonly attempt: SettledAttempt | undefined;
  readonly refunds: readonly {
    readonly status: "pending" | "succeeded" | "failed";
    readonly origin: "staff" | "provider" | "system";
    readonly attemptId: string;
    readonly amount: number;
  }[];
};

/** What changes together, in one transaction or not at all. */
export type SettlementChange = {
  order?: {
    transition: OrderTransition | undefined;
    event: OrderChangeType;
    data: Record<string, unknown>;
    numbered?: boolean;
    /** Gives the buyer until then to pay. */
    payBy?: Date;
  };
  attempt?: {
    id: string;
    status: AttemptStatus;
    reference?: string;
    capturedAmount?: number;
    failureCode?: string | undefined;
  };
  /** Stored together with a transition to review. */
  review?: ReviewCause;
};

/** Money that goes or went back, and what was taken before, in minor units. */
export type MovedMoney = { readonly amount: number; readonly captured: number; readonly currency: string };

/** What the settlement needs from the world; the real ones ask Postgres, the objects and the provider. */
export type SettlementPorts<Order extends SettledOrder> = {
  readonly load: (orderId: string) => Promise<Order | undefined>;
  /** Asks once more for the attempt's payment: the same key leads to the same one. */
  readonly authorise: (order: Order, attempt: SettledAttempt) => Promise<PaymentFacts>;
  /** What is known of one of the order's payments, by the provider's reference. */
  readonly read: (order: Order, payment: { attemptId: string; reference: string }) => Promise<PaymentFacts>;
  /** Reserves the money that the buyer has approved, where that is a step of its own. */
  readonly completeAuthorisation: (attempt: SettledAttempt, reference: string) => Promise<PaymentFacts>;
  readonly capture: (attempt: SettledAttempt, reference: string) => Promise<PaymentFacts>;
  readonly cancel: (attempt: SettledAttempt, reference: string) => Promise<PaymentFacts>;
  /** Turns every hold of the order into a sale. @returns the SKUs whose units are gone for good. */
  readonly commitStock: (order: Order) => Promise<readonly string[]>;
  /**
   * The order as the change leaves it. Undefined when somebody else moved the order or the attempt first: nothing was
   * changed then.
   */
  readonly change: (order: Order, change: SettlementChange) => Promise<Order | undefined>;
  /** Gives back money that nobody owed; stored first, an amount once. False when somebody moved the order first. */
  readonly refundSurplus: (order: Order, attempt: SettledAttempt, money: MovedMoney) => Promise<boolean>;
  /** Books what was given back at the provider's own dashboard. False when somebody moved the order first. */
  readonly recordProviderRefund: (
    order: Order,
    attempt: SettledAttempt,
    money: MovedMoney,
  ) => Promise<boolean>;
};

/** What is settled. */
export type Settled<Order> = {
  readonly orderId: string;
  /** The attempt that there is news of; a superseded one is voided or given back. The newest, if left out. */
  readonly attemptId?: string | undefined;
  /** The order, if it was read just now. */
  readonly order?: Order | undefined;
};
