import type { Id } from "#core/ids";
import type { PaymentFacts, PaymentProvider } from "#core/payment-facts";
import type { OrderEventType } from "#events/catalogue";
import type { OrderStatus } from "#features/orders/rules";
import type { AttemptStatus } from "#features/payments/rules";

/** The rows of the simulated Postgres, as far as the flows look at them. Rows are replaced, never changed. */
export type OrderLine = { readonly sku: string; readonly quantity: number };

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
  readonly createdAt: number;
  readonly nextCheckAt: number;
  readonly version: number;
};

export type RefundRow = {
  readonly id: string;
  readonly orderId: string;
  readonly attemptId: string;
  readonly amount: number;
  readonly status: "pending" | "succeeded" | "failed";
  readonly nextCheckAt: number;
};

/** An order with all that belongs to it, as one transaction read it. */
export type Order = OrderRow & {
  readonly attempt: AttemptRow | undefined;
  readonly refunds: readonly RefundRow[];
};

export type PaymentEventRow = {
  readonly id: string;
  readonly providerReference: string;
  /** What the payment was when the provider told of it. */
  readonly told: PaymentFacts;
  readonly receivedAt: number;
  readonly processedAt: Date | null;
};

export type OrderEvent = {
  readonly type: OrderEventType;
  readonly subject: string;
  readonly sequence: number;
};

export type OutboxEntry = {
  readonly position: number;
  readonly event: OrderEvent;
  readonly handledBy: readonly string[];
  readonly attempts: number;
  readonly leasedUntil: number;
  readonly state: "due" | "delivered" | "dead";
};

/** The answer that an idempotency key got. */
export type PlacedAnswer = { readonly orderId: Id<"order">; readonly fingerprint: string };
export type CheckoutAnswer = { readonly attemptId: string };
