import {
  AuthorizationStatus,
  type AuthorizationWithAdditionalData,
  CaptureStatus,
  type Order,
  OrderStatus,
  type OrdersCapture,
  type Refund,
  RefundStatus,
} from "@paypal/paypal-server-sdk";
import { z } from "zod";
import { contradictionsOf } from "#core/payment-claims";
import type { PaymentFacts, RefundFacts } from "#core/payment-facts";
import { modeOfPaypalLinks } from "./paypal-claims.ts";
import type { PaymentHandover, PaymentParty } from "./payment-gateway.ts";
import { minorUnitsOfPaypal } from "./paypal-money.ts";

export function handoverOf(order: Order, party: PaymentParty): PaymentHandover {
  const approveUrl = order.links?.find(({ rel }) => rel === "payer-action" || rel === "approve")?.href;
  const facts = heldAgainst(party, order);
  return {
    facts,
    ...(approveUrl === undefined || facts.state !== "requires_action" ? {} : { approveUrl }),
  };
}

/** What the order says, and whether its money is ours. */
export function heldAgainst(party: PaymentParty, order: Order): PaymentFacts {
  const account = order.purchaseUnits?.[0]?.payee?.merchantId;
  const told = { mode: modeOfPaypalLinks(order.links), account };
  return { ...factsOf(order), foreign: contradictionsOf(party, told) };
}

export function factsOf(order: Order): PaymentFacts {
  const [purchase] = order.purchaseUnits ?? [];
  const amount = Amount.parse(purchase?.amount);
  const captures = purchase?.payments?.captures ?? [];
  return {
    reference: z.string().parse(order.id),
    ...stateOf(order, captures),
    amount: minorUnitsOfPaypal(amount.value, amount.currencyCode),
    capturedAmount: totalOf(captures.filter(isTaken)),
    refundedAmount: totalOf((purchase?.payments?.refunds ?? []).filter(isGivenBack)),
    currency: amount.currencyCode,
    orderId: purchase?.referenceId,
    attemptId: purchase?.customId,
  };
}

type State = Pick<PaymentFacts, "state" | "failureCode">;

/** A status that PayPal may add later is nothing final to us, hence pending. */
function stateOf(order: Order, captures: readonly OrdersCapture[]): State {
  const failureCode = undefined;
  if (captures.some(isTaken)) return { state: "captured", failureCode };
  if (captures.some(({ status }) => status === CaptureStatus.Pending))
    return { state: "pending", failureCode };
  if (captures.length > 0) return { state: "cancelled", failureCode: "capture_declined" };
  const [authorization] = authorizationsOf(order);
  if (authorization !== undefined) return { state: authorizedState(order), failureCode };
  const isWithBuyer =
    order.status === OrderStatus.Created || order.status === OrderStatus.PayerActionRequired;
  if (isWithBuyer) return { state: "requires_action", failureCode };
  if (order.status === OrderStatus.Approved) return { state: "approved", failureCode };
  return { state: order.status === OrderStatus.Voided ? "cancelled" : "pending", failureCode };
}

function authorizedState(order: Order): PaymentFacts["state"] {
  if (openAuthorization(order) !== undefined) return "authorised";
  const hasEnded = authorizationsOf(order).every(
    ({ status }) => status === AuthorizationStatus.Voided || status === AuthorizationStatus.Denied,
  );
  return hasEnded ? "cancelled" : "pending";
}

function authorizationsOf(order: Order): AuthorizationWithAdditionalData[] {
  return order.purchaseUnits?.[0]?.payments?.authorizations ?? [];
}

/** The last one that money can still be taken from. */
export function openAuthorization(order: Order): AuthorizationWithAdditionalData | undefined {
  return authorizationsOf(order).findLast(
    ({ status }) =>
      status === AuthorizationStatus.Created || status === AuthorizationStatus.PartiallyCaptured,
  );
}

export function isTaken({ status }: OrdersCapture): boolean {
  return (
    status === CaptureStatus.Completed ||
    status === CaptureStatus.PartiallyRefunded ||
    status === CaptureStatus.Refunded
  );
}

function isGivenBack({ status }: Refund): boolean {
  return status === RefundStatus.Completed || status === RefundStatus.Pending;
}

function totalOf(payments: readonly Pick<OrdersCapture, "amount">[]): number {
  return payments.reduce((sum, payment) => sum + amountOf(payment), 0);
}

const Amount = z.object({ value: z.string(), currencyCode: z.string() });

function amountOf({ amount }: { amount?: unknown }): number {
  const { value, currencyCode } = Amount.parse(amount);
  return minorUnitsOfPaypal(value, currencyCode);
}

export function refundFactsOf(refund: Refund): RefundFacts {
  return {
    reference: z.string().parse(refund.id),
    state: refundState(refund.status),
    amount: amountOf(refund),
    failureCode: undefined,
  };
}

function refundState(status: RefundStatus | undefined): RefundFacts["state"] {
  if (status === RefundStatus.Completed) return "succeeded";
  return status === RefundStatus.Failed || status === RefundStatus.Cancelled ? "failed" : "pending";
}
