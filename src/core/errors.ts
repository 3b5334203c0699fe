/**
 * Every error a client can see: its stable code, the HTTP status, a title, and whether the same request may succeed
 * later. Codes are never renamed.
 */
export const errorCodes = {
  invalid_request: { status: 400, title: "The request is not valid", retryable: false },
  malformed_json: { status: 400, title: "The body is not JSON", retryable: false },
  idempotency_key_required: { status: 400, title: "An Idempotency-Key header is required", retryable: false },
  invalid_signature: { status: 400, title: "The signature does not match the body", retryable: false },
  invalid_cursor: { status: 400, title: "The cursor was not issued by this list", retryable: false },
  invalid_consistency_token: {
    status: 400,
    title: "The Consistency-Token is none of ours",
    retryable: false,
  },
  invalid_csv: { status: 400, title: "The file is not a product CSV", retryable: false },
  invalid_json_lines: { status: 400, title: "The file is not JSON Lines of products", retryable: false },
  mail_token_refused: {
    status: 400,
    title: "The token from the mail is unknown, used or expired",
    retryable: false,
  },
  sign_in_failed: { status: 400, title: "The sign-in could not be completed", retryable: false },
  unauthenticated: { status: 401, title: "Sign in first", retryable: false },
  invalid_credentials: { status: 401, title: "E-mail or password is wrong", retryable: false },
  token_expired: { status: 401, title: "The access token has expired", retryable: false },
  invalid_token: { status: 401, title: "The token is not valid", retryable: false },
  step_up_required: { status: 401, title: "Prove again that it is you", retryable: false },
  passkey_refused: { status: 401, title: "The passkey was not accepted", retryable: false },
  mfa_required: { status: 401, title: "A second factor is needed", retryable: false },
  forbidden: { status: 403, title: "Not allowed for this account", retryable: false },
  mfa_enrolment_required: {
    status: 403,
    title: "The account's permissions ask for a second factor, and it has none",
    retryable: false,
  },
  account_disabled: { status: 403, title: "The account is disabled", retryable: false },
  not_found: { status: 404, title: "Not found", retryable: false },
  cross_site_refused: { status: 403, title: "A page of another site may not send this", retryable: false },
  provider_unknown: { status: 404, title: "No such sign-in provider", retryable: false },
  method_not_allowed: { status: 405, title: "This path has no such method", retryable: false },
  handle_taken: { status: 409, title: "Another product has this handle", retryable: false },
  sku_taken: { status: 409, title: "Another product has a variant with this SKU", retryable: false },
  review_needs_purchase: { status: 403, title: "Only buyers review a product", retryable: false },
  review_exists: { status: 409, title: "You have reviewed this product", retryable: false },
  category_in_use: { status: 409, title: "The category is in use", retryable: false },
  category_handle_taken: { status: 409, title: "Another category has this handle", retryable: false },
  attribute_key_taken: { status: 409, title: "Another attribute has this key", retryable: false },
  attribute_in_use: { status: 409, title: "Products or variants have the attribute", retryable: false },
  email_already_verified: { status: 409, title: "The e-mail address is verified", retryable: false },
  already_staff: { status: 409, title: "The account belongs to the staff already", retryable: false },
  api_keys_undecided: {
    status: 409,
    title: "It is not said what becomes of the member's API keys",
    retryable: false,
  },
  last_admin: { status: 409, title: "The shop needs an admin who is at work", retryable: false },
  role_name_taken: { status: 409, title: "Another role has this name", retryable: false },
  role_built_in: { status: 409, title: "Built-in roles stay as they are", retryable: false },
  role_in_use: { status: 409, title: "Somebody still holds the role", retryable: false },
  email_taken: { status: 409, title: "An account with this e-mail exists", retryable: false },
  mfa_enabled: { status: 409, title: "The account has an authenticator app", retryable: false },
  account_not_linked: {
    status: 409,
    title: "An account with this e-mail exists and is not linked",
    retryable: false,
  },
  identity_taken: { status: 409, title: "Linked to another account", retryable: false },
  provider_email_unverified: {
    status: 409,
    title: "The provider has not verified the e-mail",
    retryable: false,
  },
  last_sign_in_method: { status: 409, title: "The account's last way to sign in", retryable: false },
  cart_empty: { status: 409, title: "The cart has no lines", retryable: false },
  price_changed: { status: 409, title: "The quote has changed", retryable: false },
  insufficient_stock: { status: 409, title: "Not enough stock", retryable: false },
  variant_unavailable: { status: 409, title: "A variant is no longer sold", retryable: false },
  invalid_transition: { status: 409, title: "The order's state does not allow this", retryable: false },
  orders_in_progress: {
    status: 409,
    title: "Orders that are not finished stand against this",
    retryable: false,
  },
  order_archived: { status: 409, title: "The order is archived", retryable: false },
  order_expired: { status: 409, title: "The order's hold has expired", retryable: false },
  payment_declined: { status: 402, title: "The payment was declined", retryable: false },
  payment_not_acceptable: {
    status: 409,
    title: "The payment is not what its order needs",
    retryable: false,
  },
  payment_in_progress: { status: 409, title: "Another payment attempt is open", retryable: true },
  idempotency_conflict: {
    status: 409,
    title: "The first request with this key is still running",
    retryable: true,
  },
  conflict: { status: 409, title: "Somebody else changed this at the same time", retryable: true },
  version_mismatch: { status: 412, title: "The resource has changed since it was read", retryable: false },
  body_too_large: { status: 413, title: "The body is larger than the limit", retryable: false },
  uri_too_long: { status: 414, title: "The address is longer than the limit", retryable: false },
  unsupported_media_type: { status: 415, title: "The content type is not supported", retryable: false },
  idempotency_key_reused: { status: 422, title: "The key was used with another request", retryable: false },
  too_many_passkeys: { status: 422, title: "The account has too many passkeys", retryable: false },
  address_book_full: { status: 422, title: "The address book has reached its limit", retryable: false },
  synonyms_full: { status: 422, title: "There are as many groups of synonyms as may be", retryable: false },
  too_many_attributes: { status: 422, title: "The shop has too many attributes", retryable: false },
  cart_full: { status: 422, title: "The cart has reached its limit", retryable: false },
  upgrade_required: { status: 426, title: "This path is for WebSockets", retryable: false },
  if_match_required: { status: 428, title: "An If-Match header is required", retryable: false },
  too_many_connections: { status: 429, title: "Too many live connections are open", retryable: true },
  rate_limited: { status: 429, title: "Too many requests", retryable: true },
  internal_error: { status: 500, title: "Something went wrong on our side", retryable: true },
  refund_exceeds_payment: { status: 409, title: "More would be refunded than was paid", retryable: false },
  return_exceeds_delivery: {
    status: 409,
    title: "More would be returned than was delivered",
    retryable: false,
  },
  return_too_late: { status: 409, title: "The time for returns is over", retryable: false },
  payment_outcome_unknown: { status: 502, title: "The payment provider gave no answer", retryable: true },
  shard_moving: { status: 503, title: "The order is being moved to another database", retryable: true },
  busy: { status: 503, title: "Too much is asked at once", retryable: true },
  misconfigured: { status: 503, title: "The service is not set up completely", retryable: true },
  dependency_unavailable: { status: 503, title: "A service we depend on is not answering", retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type ErrorCode = keyof typeof errorCodes;

/** One fault in the request, at a JSON pointer into it (RFC 6901). */
export type FieldError = { pointer: string; code: string; detail: string };

export type ErrorExtras = {
  /** One sentence for the person who reads it: what is wrong here and what to do next. */
  detail?: string;
  errors?: readonly FieldError[];
  /** Further members of the problem document, such as the new quote. */
  members?: Readonly<Record<string, unknown>>;
  /** Seconds after which a retry makes sense; sent as Retry-After. */
  retryAfterSeconds?: number;
  cause?: unknown;
};

/** An expected refusal on its way to the client. Faults are ordinary errors and become `internal_error`. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly extras: ErrorExtras;

  constructor(code: ErrorCode, extras: ErrorExtras = {}) {
    super(extras.detail ?? errorCodes[code].title, { cause: extras.cause });
    this.name = "AppError";
    this.code = code;
    this.extras = extras;
  }
}
