import type { Stripe } from "stripe";

/** The `error` object of Stripe's error answers. */
export type StripeErrorBody = {
  type: "api_error" | "card_error" | "idempotency_error" | "invalid_request_error";
  message: string;
  code?: string;
  decline_code?: string;
  param?: string;
  doc_url?: string;
  charge?: string;
  payment_intent?: Stripe.PaymentIntent;
  payment_method?: Stripe.PaymentMethod;
};

/** A refusal that undoes whatever the call did so far. A declined card is no failure in this sense: it leaves a charge behind. */
export class StripeFailure extends Error {
  readonly status: number;
  readonly body: StripeErrorBody;

  constructor(status: number, body: StripeErrorBody) {
    super(body.message);
    this.name = "StripeFailure";
    this.status = status;
    this.body = body;
  }
}

/** The parameters never reached the endpoint, so Stripe keeps nothing under the idempotency key. */
export class InvalidParameters extends StripeFailure {}

export function invalidRequest(
  message: string,
  details: { code?: string; param?: string } = {},
): StripeFailure {
  return new StripeFailure(400, { type: "invalid_request_error", message, ...details });
}

export function noSuch(noun: string, id: string, param: string): StripeFailure {
  return new StripeFailure(404, {
    type: "invalid_request_error",
    code: "resource_missing",
    message: `No such ${noun}: '${id}'`,
    param,
  });
}
