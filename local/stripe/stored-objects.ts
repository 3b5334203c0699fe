import type { Stripe } from "stripe";

export type StoredObjects = {
  payment_intent: Stripe.PaymentIntent;
  charge: Stripe.Charge;
  refund: Stripe.Refund;
  balance_transaction: Stripe.BalanceTransaction;
  customer: Stripe.Customer;
  payment_method: Stripe.PaymentMethod;
  dispute: Stripe.Dispute;
  event: Stripe.EventBase;
  webhook_endpoint: Stripe.WebhookEndpoint;
};
export type ObjectName = keyof StoredObjects;
export type StoredObject = StoredObjects[ObjectName];

/** The `objects` that a search by payment intent would otherwise read one by one. */
export const INDEXES =
  "create index if not exists objects_by_intent on objects (name, json_extract(body, '$.payment_intent'))";
