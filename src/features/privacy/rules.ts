/** Orders in these states still need their address, or may still move money; nobody is erased before they end. */
export const openOrderStatuses = [
  "pending_payment",
  "payment_unknown",
  "payment_review",
  "authorised",
  "paid",
  "fulfilling",
  "shipped",
] as const;

/** Stands where somebody's data was: an address that no mail reaches, of a domain that cannot exist (RFC 2606). */
export const erasedEmail = "erased@customers.invalid";
export const erasedText = "[erased]";
