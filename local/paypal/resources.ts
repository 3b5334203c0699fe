import type { Money } from "./money.ts";

/** The resources as they go over the wire, without their links, which depend on where the simulator is reached. */
export type PurchaseUnit = {
  reference_id: string;
  amount: Money & { breakdown?: Record<string, Money> };
  payee: { email_address: string; merchant_id: string };
  custom_id?: string;
  invoice_id?: string;
  [further: string]: unknown;
};

export type Payer = {
  name: { given_name: string; surname: string };
  email_address: string;
  payer_id: string;
  address: { country_code: string };
};

type Filed = { id: string; created: number };
type Stamped = { create_time: string; update_time: string };

export const ORDER_STATUSES = ["CREATED", "PAYER_ACTION_REQUIRED", "APPROVED", "COMPLETED"] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

export type StoredOrder = Filed & {
  kind: "order";
  intent: "AUTHORIZE" | "CAPTURE";
  status: OrderStatus;
  units: PurchaseUnit[];
  payer: Payer | null;
  /** Named in the request's `payment_source`, in which case PayPal words status and link differently. */
  isWallet: boolean;
  experience: { brand_name?: string; return_url?: string; cancel_url?: string };
  /** Where PayPal was reached when the order was made. */
  origin: string;
} & Stamped;

/** What a payment inherits from the purchase unit that it pays. */
export type Paid = {
  orderId: string;
  referenceId: string;
  invoiceId: string | null;
  customId: string | null;
  origin: string;
  payerEmail: string;
};

export type StoredAuthorization = Filed &
  Paid &
  Stamped & {
    kind: "authorization";
    status: "CREATED" | "CAPTURED" | "PARTIALLY_CAPTURED" | "VOIDED";
    amount: Money;
    expiration_time: string;
    isExpired: boolean;
    /** The authorisation that this one renews. */
    parentId: string | null;
  };

export type StoredCapture = Filed &
  Paid &
  Stamped & {
    kind: "capture";
    status: "COMPLETED" | "PENDING" | "DECLINED" | "PARTIALLY_REFUNDED" | "REFUNDED";
    amount: Money;
    final_capture: boolean;
    authorizationId: string | null;
  };

export type StoredRefund = Filed &
  Paid &
  Stamped & {
    kind: "refund";
    status: "COMPLETED";
    amount: Money;
    captureId: string;
    totalRefunded: Money;
    noteToPayer: string | null;
  };

export type StoredDispute = Filed & Stamped & { kind: "dispute"; capture: StoredCapture } & DisputeState;

export type DisputeState =
  | { status: "WAITING_FOR_SELLER_RESPONSE" | "UNDER_REVIEW" }
  | { status: "RESOLVED"; outcome: "RESOLVED_BUYER_FAVOUR" | "RESOLVED_SELLER_FAVOUR" };

export type StoredEvent = Filed & {
  kind: "event";
  eventType: string;
  /** The id by which a list of events is filtered. */
  transactionId: string;
  body: Record<string, unknown>;
};

export type StoredWebhook = Filed & { kind: "webhook"; url: string; eventTypes: string[] };

export type StoredObjects = {
  order: StoredOrder;
  authorization: StoredAuthorization;
  capture: StoredCapture;
  refund: StoredRefund;
  dispute: StoredDispute;
  event: StoredEvent;
  webhook: StoredWebhook;
};

export const INDEXES = `
  create index if not exists objects_by_order on objects (name, json_extract(body, '$.orderId'));
  create index if not exists objects_by_invoice on objects (name, json_extract(body, '$.invoiceId'));
`;
