import type { Permission } from "#core/permissions";

/**
 * Who may use a route: a permission of the staff, or one of these.
 *
 * - `public`: everybody; a token that comes along is not even read.
 * - `anyone`: everybody, signed in or not; a token that comes along must be good.
 * - `cart holder`, `order holder`: the user whose it is, or the guest who sends its token; the verb's SQL decides, and
 *   what is somebody else's is not found.
 * - `ticket holder`: whoever was given a ticket for one live connection.
 * - `signed in`: a user, who gets what is the user's own.
 * - `signed in lately`: the same, who has proven within minutes to be the owner.
 * - `our queue`, `Stripe`, `PayPal`: deliveries with the sender's signature.
 */
export type Access =
  | Permission
  | "public"
  | "anyone"
  | "cart holder"
  | "order holder"
  | "ticket holder"
  | "signed in"
  | "signed in lately"
  | "our queue"
  | "Stripe"
  | "PayPal";

/** Every route and who may use it. A route without an entry does not compile: see describeRoute. */
export const routeAccess = {
  "GET /health": "public",
  "GET /ready": "public",
  "GET /openapi.json": "public",
  "GET /docs": "public",
  "GET /.well-known/jwks.json": "public",

  "POST /auth/register": "public",
  "POST /auth/login": "public",
  "POST /auth/refresh": "public",
  "POST /auth/logout": "anyone",
  "GET /auth/profile": "signed in",
  "PATCH /auth/profile": "signed in",
  "GET /customers/me/addresses": "signed in",
  "POST /customers/me/addresses": "signed in",
  "GET /customers/me/addresses/{id}": "signed in",
  "PATCH /customers/me/addresses/{id}": "signed in",
  "DELETE /customers/me/addresses/{id}": "signed in",
  "GET /auth/sessions": "signed in",
  "DELETE /auth/sessions": "signed in",
  "DELETE /auth/sessions/{id}": "signed in",
  "POST /auth/email/verify": "public",
  "POST /auth/email/verification": "signed in",
  "POST /auth/email/change": "signed in",
  "POST /auth/password/forgot": "public",
  "POST /auth/password/reset": "public",
  "POST /auth/password/change": "signed in",
  "POST /auth/step-up": "signed in",
  "GET /auth/oauth/{provider}": "public",
  "GET /auth/oauth/{provider}/callback": "public",
  "POST /auth/oauth/exchange": "public",
  "GET /auth/identities": "signed in",
  "POST /auth/identities": "signed in lately",
  "POST /auth/identities/{provider}": "signed in lately",
  "DELETE /auth/identities/{provider}": "signed in lately",
  "POST /auth/passkeys/sign-in/options": "public",
  "POST /auth/passkeys/sign-in": "public",
  "POST /auth/passkeys/options": "signed in lately",
  "POST /auth/passkeys": "signed in lately",
  "GET /auth/passkeys": "signed in",
  "PATCH /auth/passkeys/{id}": "signed in",
  "DELETE /auth/passkeys/{id}": "signed in lately",
  "POST /auth/mfa/verify": "public",
  "GET /auth/mfa": "signed in",
  "POST /auth/mfa/totp": "signed in lately",
  "POST /auth/mfa/totp/confirm": "signed in lately",
  "DELETE /auth/mfa/totp": "signed in lately",
  "POST /auth/mfa/recovery-codes": "signed in lately",

  "GET /products": "anyone",
  "GET /products/{id}": "anyone",
  "GET /attributes": "anyone",
  "GET /products/{id}/reviews": "anyone",
  "POST /products/{id}/reviews": "signed in",
  "GET /customers/me/reviews": "signed in",
  "PATCH /reviews/{id}": "signed in",
  "DELETE /reviews/{id}": "signed in",
  "GET /admin/reviews": "reviews:moderate",
  "PATCH /admin/reviews/{id}": "reviews:moderate",
  "GET /categories": "anyone",
  "GET /search": "anyone",
  "GET /search/suggest": "anyone",
  "GET /inventory/{sku}": "anyone",

  "POST /cart": "cart holder",
  "GET /cart": "cart holder",
  "PATCH /cart/{id}": "cart holder",
  "DELETE /cart/{id}": "cart holder",
  "POST /cart/merge": "signed in",

  "POST /orders": "cart holder",
  "GET /orders": "signed in",
  "GET /orders/{id}": "order holder",
  "GET /orders/{id}/events": "order holder",
  "POST /orders/{id}/cancel": "order holder",
  "POST /orders/{id}/returns": "order holder",
  "GET /orders/{id}/returns": "order holder",
  "POST /payment/checkout": "order holder",
  "POST /payment/confirm": "order holder",

  "POST /live/ticket": "order holder",
  "GET /live": "ticket holder",
  "GET /live/sse": "ticket holder",

  "POST /webhooks/stripe": "Stripe",
  "POST /webhooks/paypal": "PayPal",
  "POST /jobs/payment-events": "our queue",
  "POST /jobs/outbox": "our queue",
  "POST /jobs/reconciliation": "our queue",
  "POST /jobs/search-rebuild": "our queue",

  "POST /admin/products": "catalogue:write",
  "GET /admin/products": "catalogue:read",
  "GET /admin/products/{id}": "catalogue:read",
  "PATCH /admin/products/{id}": "catalogue:write",
  "DELETE /admin/products/{id}": "catalogue:write",
  "POST /admin/products/bulk": "catalogue:write",
  "GET /admin/products/export": "catalogue:read",
  "POST /admin/products/import": "catalogue:write",
  "POST /admin/categories": "catalogue:write",
  "GET /admin/categories/{id}": "catalogue:read",
  "PATCH /admin/categories/{id}": "catalogue:write",
  "DELETE /admin/categories/{id}": "catalogue:write",
  "POST /admin/attributes": "catalogue:write",
  "PATCH /admin/attributes/{key}": "catalogue:write",
  "DELETE /admin/attributes/{key}": "catalogue:write",
  "GET /admin/products/imports/{id}": "catalogue:read",
  "POST /admin/search/rebuild": "search:rebuild",
  "GET /admin/search/rebuild": "search:rebuild",
  "GET /admin/search/status": "search:read",
  "POST /admin/search/check": "search:rebuild",
  "GET /admin/search/synonyms": "search:read",
  "POST /admin/search/synonyms": "search:write",
  "GET /admin/search/synonyms/{id}": "search:read",
  "PUT /admin/search/synonyms/{id}": "search:write",
  "DELETE /admin/search/synonyms/{id}": "search:write",
  "GET /admin/search/misses": "search:read",

  "POST /admin/inventory/{sku}/adjustments": "inventory:adjust",
  "GET /admin/inventory/{sku}/movements": "inventory:read",
  "PUT /admin/inventory/{sku}/threshold": "inventory:adjust",
  "GET /admin/inventory/alerts": "inventory:read",
  "POST /admin/inventory/{sku}/reconcile": "inventory:adjust",
  "POST /admin/inventory/reconcile": "inventory:adjust",

  "GET /admin/orders": "orders:read",
  "GET /admin/orders/{id}": "orders:read",
  "POST /admin/orders/{id}/cancel": "orders:cancel",
  "POST /admin/orders/{id}/fulfilments": "orders:fulfil",
  "POST /admin/orders/{id}/fulfilments/{fulfilment_id}/ship": "orders:fulfil",
  "POST /admin/orders/{id}/fulfilments/{fulfilment_id}/deliver": "orders:fulfil",
  "POST /admin/orders/{id}/fulfilments/{fulfilment_id}/cancel": "orders:fulfil",
  "POST /admin/orders/{id}/returns": "orders:return",
  "GET /admin/returns": "orders:read",
  "GET /admin/returns/{id}": "orders:read",
  "POST /admin/returns/{id}/approve": "orders:return",
  "POST /admin/returns/{id}/decline": "orders:return",
  "POST /admin/returns/{id}/receive": "orders:return",
  "POST /admin/returns/{id}/close": "orders:return",
  "POST /admin/orders/{id}/refunds": "payments:refund",
  "POST /admin/orders/{id}/manual-payment": "payments:confirm",
  "GET /admin/disputes": "payments:read",
  "POST /admin/orders/{id}/payment-review": "payments:refund",
  "GET /admin/payment-reviews": "payments:read",
  "GET /admin/payment-watch": "payments:read",
  "GET /admin/refunds": "payments:read",
  "POST /admin/refunds/{id}/retry": "payments:refund",
  "GET /admin/refused-payment-events": "payments:read",
  "GET /admin/reconciliation": "payments:read",
  "POST /admin/reconciliation": "payments:reconcile",
  "GET /admin/payment-differences": "payments:read",
  "GET /admin/payment-differences/{id}": "payments:read",
  "POST /admin/payment-differences/{id}/close": "payments:reconcile",

  "GET /metrics": "operations:read",
  "GET /admin/dead-letters": "dead_letters:read",
  "POST /admin/dead-letters/{id}/replay": "dead_letters:replay",

  "GET /customers/me/consents": "signed in",
  "PUT /customers/me/consents/{purpose}": "signed in",
  "GET /customers/me/export": "signed in lately",
  "DELETE /customers/me": "signed in lately",
  "POST /admin/privacy/guest-erasures": "customers:write",

  "GET /admin/customers": "customers:read",
  "GET /admin/customers/{id}": "customers:read",
  "DELETE /admin/customers/{id}": "customers:write",
  "DELETE /admin/customers/{id}/sessions": "customers:write",
  "DELETE /admin/customers/{id}/second-factors": "customers:write",
  "POST /admin/customers/{id}/password-reset": "customers:write",
  "POST /admin/customers/{id}/disable": "customers:write",
  "POST /admin/customers/{id}/enable": "customers:write",

  "GET /admin/audit": "audit:read",
  "GET /admin/audit/head": "audit:read",

  "GET /admin/staff": "staff:read",
  "POST /admin/staff": "staff:manage",
  "GET /admin/staff/{id}": "staff:read",
  "PATCH /admin/staff/{id}": "staff:manage",
  "DELETE /admin/staff/{id}": "staff:manage",
  "DELETE /admin/staff/{id}/second-factors": "staff:manage",
  "GET /admin/roles": "staff:read",
  "POST /admin/roles": "staff:manage",
  "GET /admin/roles/{id}": "staff:read",
  "PATCH /admin/roles/{id}": "staff:manage",
  "DELETE /admin/roles/{id}": "staff:manage",

  "GET /admin/api-keys": "api_keys:read",
  "POST /admin/api-keys": "api_keys:manage",
  "POST /admin/api-keys/{id}/rotate": "api_keys:manage",
  "DELETE /admin/api-keys/{id}": "api_keys:manage",
} as const satisfies Record<`${string} /${string}`, Access>;

export type RouteName = keyof typeof routeAccess;
