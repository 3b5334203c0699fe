import { StripeFailure } from "./failure.ts";

/** Stripe may forget a key after a day. */
export const KEY_REMEMBERED_SECONDS = 24 * 60 * 60;

export function keyReused(key: string): StripeFailure {
  return new StripeFailure(400, {
    type: "idempotency_error",
    message:
      "Keys for idempotent requests can only be used with the same parameters they were first used with. " +
      `Try using a key other than '${key}' if you meant to execute a different request.`,
  });
}

export function keyInUse(key: string): StripeFailure {
  return new StripeFailure(409, {
    type: "idempotency_error",
    code: "idempotency_key_in_use",
    message:
      `There is currently another in-progress request using this Idempotent Key: ${key}. ` +
      "Wait for it to finish, or use another key.",
  });
}
