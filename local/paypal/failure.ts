import { newDebugId } from "./ids.ts";

export type ErrorDetail = {
  issue: string;
  description?: string;
  /** A JSON pointer into the request's body. */
  field?: string;
  value?: string;
  location?: "body" | "path" | "query";
};

type Link = { href: string; rel: string; method: string };

/** PayPal's error answers. */
export type ErrorBody = {
  name: string;
  message: string;
  debug_id: string;
  details?: ErrorDetail[];
  links?: Link[];
};

/** A refusal that undoes whatever the call did so far, and that no idempotency key remembers. */
export class PaypalFailure extends Error {
  readonly status: number;
  readonly body: ErrorBody;

  constructor(status: number, body: Omit<ErrorBody, "debug_id">) {
    super(body.message);
    this.name = "PaypalFailure";
    this.status = status;
    this.body = { ...body, debug_id: newDebugId() };
  }
}

const UNPROCESSABLE =
  "The requested action could not be performed, semantically incorrect, or failed business validation.";

/** In PayPal's own words. */
const DESCRIPTIONS: Record<string, string> = {
  ACTION_DOES_NOT_MATCH_INTENT:
    "Order was created with an intent to 'CAPTURE'. Please use v2/checkout/orders/order_id/capture to complete the transaction or alternately Create an order with an intent of 'AUTHORIZE'.",
  AMOUNT_MISMATCH:
    "Should equal item_total + tax_total + shipping + handling + insurance - shipping_discount - discount.",
  AUTHORIZATION_ALREADY_CAPTURED: "Authorization has previously been captured.",
  AUTHORIZATION_EXPIRED: "An expired authorization cannot be captured.",
  AUTHORIZATION_VOIDED: "A voided authorization cannot be captured or reauthorized. ",
  AUTH_CAPTURE_CURRENCY_MISMATCH: "Currency of capture must be the same as currency of authorization.",
  CANNOT_BE_VOIDED: "A reauthorization cannot be voided. Please void the original parent authorization.",
  CANNOT_BE_ZERO_OR_NEGATIVE:
    "Must be greater than zero. If the currency supports decimals, only two decimal place precision is supported.",
  CAPTURE_FULLY_REFUNDED: "The capture has already been fully refunded",
  DECIMAL_PRECISION: "If the currency supports decimals, only two decimal place precision is supported.",
  DUPLICATE_REFERENCE_ID: "`reference_id` must be unique if multiple `purchase_unit` are provided.",
  INVALID_PARAMETER_SYNTAX: "The value of a field does not conform to the expected format.",
  INVALID_PARAMETER_VALUE: "A parameter value is not valid.",
  INVALID_RESOURCE_ID: "Specified resource ID does not exist. Please check the resource ID and try again.",
  INVALID_STRING_LENGTH: "The value of a field is either too short or too long",
  ITEM_TOTAL_MISMATCH:
    "Should equal sum of (unit_amount * quantity) across all items for a given purchase_unit.",
  MALFORMED_REQUEST_JSON: "The request JSON is not well formed.",
  MULTI_CURRENCY_ORDER:
    "Multiple differing values of currency_code are not supported. Entire Order request must have the same currency_code.",
  ORDER_ALREADY_AUTHORIZED:
    "Order already authorized.If 'intent=AUTHORIZE' only one authorization per order is allowed.",
  ORDER_ALREADY_CAPTURED: "Order already captured.If 'intent=CAPTURE' only one capture per order is allowed.",
  ORDER_ALREADY_COMPLETED: "The order cannot be patched after it is completed.",
  ORDER_NOT_APPROVED:
    "Payer has not yet approved the Order for payment. Please redirect the payer to the 'rel':'approve' url returned as part of the HATEOAS links within the Create Order call or provide a valid payment_source in the request.",
  PREVIOUSLY_CAPTURED: "Authorization has been previously captured and hence cannot be voided.",
  PREVIOUSLY_VOIDED: "Authorization has been previously voided and hence cannot be voided again.",
  REFUND_AMOUNT_EXCEEDED:
    "The refund amount must be less than or equal to the capture amount that has not yet been refunded.",
  REFUND_CAPTURE_CURRENCY_MISMATCH: "Refund must be in the same currency as the capture",
  UNSUPPORTED_INTENT:
    "`intent=AUTHORIZE` is not supported for multiple purchase units. Only `intent=CAPTURE` is supported.",
};

/** The body of a 422; where PayPal's own wording is not needed to tell what is wrong, the issue says it. */
export function unprocessableBody(issue: string, about: Partial<ErrorDetail> = {}): ErrorBody {
  return unprocessable(issue, about).body;
}

export function unprocessable(issue: string, about: Partial<ErrorDetail> = {}): PaypalFailure {
  const detail = describeIssue(issue, about);
  return new PaypalFailure(422, { name: "UNPROCESSABLE_ENTITY", message: UNPROCESSABLE, details: [detail] });
}

export function invalidBody(issue: string, about: Partial<ErrorDetail>): PaypalFailure {
  return new PaypalFailure(400, {
    name: "INVALID_REQUEST",
    message: "Request is not well-formed, syntactically incorrect, or violates schema.",
    details: [describeIssue(issue, { location: "body", ...about })],
  });
}

export function unknownResource(): PaypalFailure {
  return new PaypalFailure(404, {
    name: "RESOURCE_NOT_FOUND",
    message: "The specified resource does not exist.",
    details: [describeIssue("INVALID_RESOURCE_ID")],
  });
}

function describeIssue(issue: string, about: Partial<ErrorDetail> = {}): ErrorDetail {
  const description = DESCRIPTIONS[issue];
  return { ...about, issue, ...(description === undefined ? {} : { description }) };
}
