/**
 * Members of the providers' events that tell of a person, or are secrets: who paid, from where, to which address, by which
 * card, and what was written to each other. No decision of ours looks at them.
 */
const personalMembers: ReadonlySet<string> = new Set([
  // Both
  "name",
  "phone",
  "phone_number",
  "address",
  "shipping",
  "shipping_address",
  "billing_address",
  "payment_source",
  "evidence",
  // Stripe
  "billing_details",
  "client_secret",
  "customer_details",
  "customer_email",
  "customer_email_address",
  "customer_name",
  "customer_purchase_ip",
  "email",
  "ip",
  "owner",
  "payment_method_details",
  "receipt_email",
  "receipt_url",
  // PayPal
  "buyer",
  "email_address",
  "evidences",
  "full_name",
  "given_name",
  "messages",
  "note_to_payer",
  "note",
  "payer",
  "payer_info",
  "subscriber",
  "surname",
]);

/** An event without them, at whatever depth: what is never stored need not be kept safe, exported or erased. */
export function withoutPersonalMembers(payload: unknown): unknown {
  if (Array.isArray(payload)) return payload.map(withoutPersonalMembers);
  if (typeof payload !== "object" || payload === null) return payload;
  return Object.fromEntries(
    Object.entries(payload)
      .filter(([member]) => !personalMembers.has(member))
      .map(([member, value]) => [member, withoutPersonalMembers(value)]),
  );
}
