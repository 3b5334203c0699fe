/** Writes without the header, and why a repetition does no harm. */
export const withoutKey: Readonly<Record<string, string>> = {
  "POST /jobs/payment-events": "the queue names each delivery",
  "POST /jobs/outbox": "the queue names each delivery",
  "POST /jobs/search-rebuild": "the queue names each delivery",
  "POST /webhooks/stripe": "Stripe names each event",
  "POST /webhooks/paypal": "PayPal names each event",
  "POST /live/ticket": "a ticket is good once and for seconds; a second one does no harm",
  "POST /cart/merge": "the greater quantity of both carts stays, however often they are merged",
  "POST /admin/products/import": "the body is streamed, and rows are found by handle",

  "POST /auth/login": "every login opens a session of its own, and its tokens are never stored",
  "POST /auth/refresh": "a token that was just rotated gives the same successor again, which is never stored",
  "POST /auth/logout": "a session that has ended stays ended",
  "DELETE /auth/sessions": "sessions that have ended stay ended",
  "DELETE /auth/sessions/{id}": "a session that has ended stays ended",
  "DELETE /admin/customers/{id}/sessions": "sessions that have ended stay ended",
  "POST /auth/step-up": "a proof changes nothing but the token in the answer, which is never stored",
  "PATCH /auth/profile": "the same name again is the same name",
  "POST /auth/email/verify": "the mailed token is good once, and what it proves stays proven",
  "POST /auth/email/verification": "a second mail makes the first worthless, and mails are counted",
  "POST /auth/email/change": "a second mail makes the first worthless, and mails are counted",
  "POST /auth/password/forgot": "whoever asks twice is mailed twice, and mails are counted",
  "POST /auth/password/reset": "the mailed token is good once",
  "POST /auth/password/change":
    "the repetition proves itself with a password that is no longer the present one",
  "POST /auth/oauth/exchange": "the code is good once, and the answer's tokens are never stored",
  "POST /auth/identities": "the code is good once",
  "POST /auth/identities/{provider}": "begins anew, under a secret that is never stored",
  "DELETE /auth/identities/{provider}": "what is unlinked stays unlinked",
  "POST /auth/passkeys/sign-in/options":
    "a challenge is good once and for minutes; a second one does no harm",
  "POST /auth/passkeys/sign-in": "the challenge is good once, and the answer's tokens are never stored",
  "POST /auth/passkeys/options": "a challenge is good once and for minutes; a second one does no harm",
  "POST /auth/passkeys": "the challenge is good once, and a credential is registered once",
  "PATCH /auth/passkeys/{id}": "the same name again is the same name",
  "DELETE /auth/passkeys/{id}": "a passkey that is gone stays gone",
  "POST /auth/mfa/verify": "the sign-in under way ends with it, and the answer's tokens are never stored",
  "POST /auth/mfa/totp": "a new secret takes the place of the one that was never confirmed",
  "POST /auth/mfa/totp/confirm": "a code is good once, and the answer's recovery codes are never stored",
  "DELETE /auth/mfa/totp": "an authenticator that is removed stays removed",
  "POST /auth/mfa/recovery-codes": "new codes take the place of the old ones, and are never stored",

  "PATCH /customers/me/addresses/{id}": "If-Match lets a change of one version through once",
  "DELETE /customers/me/addresses/{id}": "If-Match lets a change of one version through once",
  "DELETE /customers/me": "a repetition finds that the account is gone",
  "DELETE /admin/staff/{id}": "If-Match lets a change of one version through once",
  "DELETE /admin/roles/{id}": "If-Match lets a change of one version through once",
  "DELETE /admin/search/synonyms/{id}": "If-Match lets a change of one version through once",
  "PUT /admin/search/synonyms/{id}": "If-Match lets a change of one version through once",
  "POST /admin/api-keys": "the answer carries the key, which is never stored; a key too many is revoked",
  "POST /admin/api-keys/{id}/rotate": "the answer carries the key, which is never stored",
  "DELETE /admin/api-keys/{id}": "a key that is gone stays gone",
};

/**
 * Writes whose answer is stored after their effect, or by whoever decides: why a repetition does no harm when a crash
 * came between the two, and how it is answered.
 */
export const answeredAfterwards: Readonly<Record<string, { again: number; reason: string }>> = {
  "POST /cart": { again: 200, reason: "the cart's object remembers the key with its lines" },
  "PATCH /cart/{id}": { again: 200, reason: "the cart's object remembers the key with its lines" },
  "DELETE /cart/{id}": { again: 200, reason: "the cart's object remembers the key with its lines" },
  "POST /admin/inventory/{sku}/adjustments": {
    again: 201,
    reason: "the SKU's object remembers the key with its movements",
  },
  "POST /admin/orders/{id}/refunds": {
    again: 201,
    reason: "the refund is stored with its key before the provider is asked",
  },
  "POST /orders/{id}/cancel": { again: 200, reason: "an order that is cancelled stays so" },
  "POST /admin/orders/{id}/cancel": { again: 200, reason: "an order that is cancelled stays so" },
  "POST /payment/confirm": { again: 200, reason: "it asks where the payment stands" },
  "POST /admin/orders/{id}/manual-payment": { again: 200, reason: "money that has arrived stays so" },
  "POST /admin/refunds/{id}/retry": { again: 200, reason: "its repetition finds the refund that it made" },
  "POST /admin/orders/{id}/payment-review": {
    again: 200,
    reason: "the same decision again changes nothing",
  },
  "PATCH /admin/products/{id}": { again: 412, reason: "If-Match lets a change of one version through once" },
  "DELETE /admin/products/{id}": { again: 412, reason: "If-Match lets a change of one version through once" },
  "PUT /admin/inventory/{sku}/threshold": { again: 200, reason: "the same threshold again is the same" },
  "POST /admin/inventory/{sku}/reconcile": { again: 200, reason: "what was repaired is not found again" },
  "POST /admin/customers/{id}/disable": { again: 200, reason: "an account that is disabled stays so" },
  "POST /admin/customers/{id}/enable": { again: 200, reason: "an account that is enabled stays so" },
  "DELETE /admin/customers/{id}": { again: 404, reason: "what is erased is not found again" },
  "POST /admin/privacy/guest-erasures": { again: 404, reason: "what is erased is not found again" },
};
