import { AppError } from "#core/errors";
import type { RefundFacts } from "#core/payment-facts";
import type { OrderStatus, OrderTransition } from "#features/orders/rules";
import { moveByRefund } from "./refund-rules.ts";

/** A stored refund as its execution sees it. Amounts in minor units. */
export type ExecutedRefund = {
  readonly id: string;
  readonly orderId: string;
  readonly attemptId: string;
  readonly status: "pending" | "succeeded" | "failed";
  readonly amount: number;
  readonly providerReference: string | null;
  readonly failureCode: string | null;
};

type RefundedOrder<Refund> = {
  readonly status: OrderStatus;
  readonly total: number;
  readonly refunded: number;
  readonly refunds: readonly Refund[];
  /** The attempt that pays the order; money of a superseded one was never the order's. */
  readonly attempt: { readonly id: string } | undefined;
};

/** What changes together with the refund's own row, in one transaction or not at all. */
export type RefundChange = {
  readonly facts: RefundFacts;
  /** Undefined while the provider has not decided. */
  readonly order:
    | {
        readonly transition: OrderTransition | undefined;
        readonly event: "order.refunded" | "order.refund_failed";
        readonly refunded: number;
      }
    | undefined;
  /** Whether money went back, which the books have to say. */
  readonly booked: boolean;
};

/** What executing a refund needs from the world; the real ones ask Postgres and the provider. */
export type RefundingPorts<Order extends RefundedOrder<Refund>, Refund extends ExecutedRefund> = {
  /** Asks the provider, which knows the refund by our id: asking again has no second effect. */
  readonly give: (refund: Refund) => Promise<RefundFacts>;
  readonly load: (orderId: string) => Promise<Order | undefined>;
  /** False when somebody else moved the order or the refund first: nothing was changed then. */
  readonly store: (order: Order, refund: Refund, change: RefundChange) => Promise<boolean>;
};

/** Tries at storing an outcome while others move the same order. */
const storeTriesMax = 5;

/**
 * Asks the provider for a refund that was stored before, and stores what it says, once. Safe to repeat.
 * @throws AppError conflict when others moved the order all the time; the provider's faults pass through, and the refund
 * stays pending for the sweep.
 */
export async function executeRefund<Order extends RefundedOrder<Refund>, Refund extends ExecutedRefund>(
  ports: RefundingPorts<Order, Refund>,
  refund: Refund,
): Promise<Refund> {
  if (refund.status !== "pending") return refund;
  const facts = await ports.give(refund);
  if (facts.state === "pending" && refund.providerReference === facts.reference) return refund;
  for (let tries = 0; tries < storeTriesMax; tries++) {
    const order = await ports.load(refund.orderId);
    const current = order?.refunds.find((each) => each.id === refund.id);
    if (order === undefined || current === undefined) throw new Error(`refund ${refund.id} has no order`);
    if (current.status !== "pending") return current;
    if (await ports.store(order, current, changeOf(order, current, facts))) {
      const { state: status, reference: providerReference } = facts;
      return { ...current, status, providerReference, failureCode: facts.failureCode ?? null };
    }
  }
  throw new AppError("conflict", {
    detail: `Refund ${refund.id} is being changed by others; it goes on later.`,
  });
}

function changeOf<Refund>(
  order: RefundedOrder<Refund>,
  refund: { readonly amount: number; readonly attemptId: string },
  facts: RefundFacts,
): RefundChange {
  switch (facts.state) {
    case "pending":
      return { facts, order: undefined, booked: false };
    case "failed":
      return {
        facts,
        order: { transition: undefined, event: "order.refund_failed", refunded: order.refunded },
        booked: false,
      };
    case "succeeded":
      return {
        facts,
        order: { event: "order.refunded", ...moveByRefund(order, refund) },
        booked: true,
      };
  }
}
