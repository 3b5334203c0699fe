import type { Id } from "#core/ids";
import type { OutsideProvider, PaymentFacts, PaymentProvider } from "#core/payment-facts";
import type { EpochMs } from "#core/time";
import type { OrderEventType } from "#events/catalogue";
import type { OrderStatus } from "#features/orders/rules";
import type { DisputeFacts } from "#core/payment-facts";
import type { AttemptStatus } from "#features/payments/rules";

/** The rows of the simulated Postgres, as far as the flows look at them. Rows are replaced, never changed. */
export type OrderLine = {
  readonly id: string;
  readonly sku: string;
  readonly quantity: number;
  readonly unitPrice: number;
};

export type OrderRow = {
  readonly id: Id<"order">;
  readonly cartId: string;
  readonly status: OrderStatus;
  readonly total: number;
  readonly currency: string;
  readonly refunded: number;
  readonly holdExpiresAt: Date;
  readonly version: number;
  readonly lines: readonly OrderLine[];
};

export type AttemptRow = {
  readonly id: string;
  readonly orderId: string;
  readonly provider: PaymentProvider;
  readonly status: AttemptStatus;
  readonly providerReference: string | null;
  readonly failureCode: string | null;
  readonly amount: number;
  readonly currency: string;
  readonly capturedAmount: number;
  /** When staff confirmed that a manual payment's money is there. */
  readonly receivedAt: Date | null;
  readonly acceptedAt: Date | null;
  readonly createdAt: number;
  readonly changedAt: number;
  readonly nextCheckAt: number;
  readonly version: number;
};

export type RefundRow = {
  readonly id: string;
  readonly orderId: string;
  readonly attemptId: string;
  readonly amount: number;
  readonly status: "pending" | "succeeded" | "failed";
  readonly lines: readonly { readonly order_line_id: string; readonly quantity: number }[];
  readonly restock: boolean;
  /** Who gave the money back: staff, the shop on its own account, or somebody in the provider's dashboard. */
  readonly origin: "staff" | "system" | "provider";
  /** The request that it answers: a repetition finds it here. */
  readonly requestKey: string;
  readonly providerReference: string | null;
  readonly failureCode: string | null;
  readonly createdAt: number;
  readonly nextCheckAt: number;
  readonly version: number;
};

/** What an event tells of a disputed payment. */
export type DisputeReport = { readonly facts: DisputeFacts; readonly occurredAt: Date };
export type DisputeRow = { readonly status: DisputeFacts["status"]; readonly reportedAt: Date };

/** An order with all that belongs to it, as one transaction read it. */
export type Order = OrderRow & {
  readonly attempts: readonly AttemptRow[];
  readonly attempt: AttemptRow | undefined;
  readonly refunds: readonly RefundRow[];
};

export type PaymentEventRow = {
  readonly id: string;
  readonly provider: OutsideProvider;
  readonly providerReference: string;
  readonly type: string;
  /** What the payment was when the provider told of it. */
  readonly told: PaymentFacts;
  readonly dispute: DisputeReport | undefined;
  readonly reportsDispute: boolean;
  readonly processedAt: Date | null;
  readonly attempts: number;
  readonly nextTryAt: number;
};

export type OrderEvent = {
  readonly type: OrderEventType;
  readonly subject: string;
  readonly sequence: number;
};

export type OutboxEntry = {
  readonly position: number;
  readonly covers: readonly number[];
  readonly isBulk: boolean;
  readonly event: OrderEvent;
  readonly handledBy: readonly string[];
  readonly attempts: number;
  readonly recordedAt: EpochMs;
  readonly leasedUntil: number;
  readonly state: "due" | "delivered" | "dead";
};

/** The answer that an idempotency key got. */
export type PlacedAnswer = { readonly orderId: Id<"order">; readonly fingerprint: string };
export type CheckoutAnswer = { readonly attemptId: string };
