import type { RouteName } from "#http/route-access";

/** What the examples are about: things of the one customer whom nobody else may see. */
export type Belongings = {
  readonly orderId: string;
  readonly orderLineId: string;
  readonly cartLineId: string;
  readonly addressId: string;
};

export type Example = {
  /** For the path; parameters that are not given are of the form described, and nobody's. */
  readonly params?: Record<string, string>;
  readonly query?: string;
  readonly json?: unknown;
  readonly headers?: Record<string, string>;
};

const nothing: Example = {};
/** Where the act itself would disturb others, a header that is refused after the question of who asks. */
const refusedLater: Example = { headers: { "idempotency-key": "x".repeat(256) } };

/** A request for each route: a new route without one does not compile. */
export function exampleRequests(owner: Belongings) {
  const order: Example = { params: { id: owner.orderId } };
  const savedAddress: Example = { params: { id: owner.addressId } };
  const ifMatch: Example = { headers: { "if-match": '"v1"' } };
  const address = { name: "Somebody", line1: "1 Road", city: "Porto", country: "PT" };
  return {
    "GET /health": nothing,
    "GET /ready": nothing,
    "GET /openapi.json": nothing,
    "GET /docs": nothing,
    "GET /.well-known/jwks.json": nothing,
    "GET /products": nothing,
    "GET /products/{id}": nothing,
    "GET /categories": nothing,
    "GET /search": { query: "?q=canary" },
    "GET /inventory/{sku}": nothing,
    "POST /cart": nothing,
    "GET /cart": nothing,
    "PATCH /cart/{id}": { params: { id: owner.cartLineId }, json: { quantity: 1 } },
    "DELETE /cart/{id}": { params: { id: owner.cartLineId } },
    "POST /orders": {
      json: { quote_hash: "0", email: "x@y.example", shipping_address: address },
    },
    "GET /orders": nothing,
    "GET /orders/{id}": order,
    "GET /orders/{id}/events": order,
    "POST /orders/{id}/returns": {
      ...order,
      json: { lines: [{ order_line_id: owner.orderLineId, quantity: 1 }], reason: "too small" },
    },
    "GET /orders/{id}/returns": order,
    "POST /payment/checkout": { json: { order_id: owner.orderId, provider: "manual" } },
    "POST /payment/confirm": { json: { order_id: owner.orderId } },
    "POST /orders/{id}/cancel": order,
    "POST /live/ticket": nothing,
    "GET /live": { query: "?ticket=none" },
    "GET /live/sse": { query: "?ticket=none" },
    "GET /admin/orders/{id}": order,
    "POST /admin/search/rebuild": refusedLater,
    "POST /admin/inventory/reconcile": refusedLater,
    "POST /auth/register": nothing,
    "POST /auth/login": nothing,
    "POST /auth/refresh": nothing,
    "POST /auth/logout": { json: { refresh_token: "none" } },
    "GET /auth/profile": nothing,
    "GET /auth/sessions": nothing,
    "DELETE /auth/sessions": nothing,
    "DELETE /auth/sessions/{id}": nothing,
    "POST /auth/email/verify": nothing,
    "POST /auth/email/verification": nothing,
    "POST /auth/email/change": nothing,
    "POST /auth/password/forgot": nothing,
    "POST /auth/password/reset": nothing,
    "POST /auth/password/change": nothing,
    "POST /auth/step-up": nothing,
    "GET /auth/oauth/{provider}": nothing,
    "GET /auth/oauth/{provider}/callback": nothing,
    "POST /auth/oauth/exchange": nothing,
    "GET /auth/identities": nothing,
    "POST /auth/identities": nothing,
    "POST /auth/identities/{provider}": nothing,
    "DELETE /auth/identities/{provider}": nothing,
    "POST /auth/mfa/verify": nothing,
    "GET /auth/mfa": nothing,
    "POST /auth/mfa/totp": nothing,
    "POST /auth/mfa/totp/confirm": nothing,
    "DELETE /auth/mfa/totp": nothing,
    "POST /auth/mfa/recovery-codes": nothing,
    "POST /cart/merge": nothing,
    "POST /webhooks/stripe": nothing,
    "POST /webhooks/paypal": nothing,
    "POST /jobs/payment-events": nothing,
    "POST /jobs/outbox": nothing,
    "POST /jobs/search-rebuild": nothing,
    "POST /admin/products": nothing,
    "GET /admin/products/{id}": nothing,
    "PATCH /admin/products/{id}": nothing,
    "DELETE /admin/products/{id}": nothing,
    "POST /admin/products/import": nothing,
    "GET /admin/products/imports/{id}": nothing,
    "GET /admin/search/rebuild": nothing,
    "POST /admin/inventory/{sku}/adjustments": nothing,
    "GET /admin/inventory/{sku}/movements": nothing,
    "PUT /admin/inventory/{sku}/threshold": nothing,
    "GET /admin/inventory/alerts": nothing,
    "POST /admin/inventory/{sku}/reconcile": nothing,
    "GET /admin/orders": nothing,
    "POST /admin/orders/{id}/cancel": nothing,
    "POST /admin/orders/{id}/fulfilments": nothing,
    "POST /admin/orders/{id}/fulfilments/{fulfilment_id}/ship": nothing,
    "POST /admin/orders/{id}/fulfilments/{fulfilment_id}/deliver": nothing,
    "POST /admin/orders/{id}/fulfilments/{fulfilment_id}/cancel": nothing,
    "POST /admin/orders/{id}/returns": nothing,
    "GET /admin/returns": nothing,
    "GET /admin/returns/{id}": nothing,
    "POST /admin/returns/{id}/approve": nothing,
    "POST /admin/returns/{id}/decline": nothing,
    "POST /admin/returns/{id}/receive": nothing,
    "POST /admin/returns/{id}/close": nothing,
    "POST /admin/orders/{id}/refunds": nothing,
    "POST /admin/orders/{id}/manual-payment": nothing,
    "GET /admin/disputes": nothing,
    "GET /admin/payment-reviews": nothing,
    "GET /admin/refused-payment-events": nothing,
    "GET /admin/dead-letters": nothing,
    "POST /admin/dead-letters/{id}/replay": nothing,
    "GET /admin/audit": nothing,
    "GET /admin/audit/head": nothing,
    "GET /admin/staff": nothing,
    "POST /admin/staff": nothing,
    "GET /admin/staff/{id}": nothing,
    "PATCH /admin/staff/{id}": nothing,
    "DELETE /admin/staff/{id}": nothing,
    "GET /admin/roles": nothing,
    "POST /admin/roles": nothing,
    "GET /admin/roles/{id}": nothing,
    "PATCH /admin/roles/{id}": nothing,
    "DELETE /admin/roles/{id}": nothing,
    "GET /admin/api-keys": nothing,
    "POST /admin/api-keys": nothing,
    "POST /admin/api-keys/{id}/rotate": nothing,
    "DELETE /admin/api-keys/{id}": nothing,
    "POST /auth/passkeys/sign-in/options": nothing,
    "POST /auth/passkeys/sign-in": nothing,
    "POST /auth/passkeys/options": nothing,
    "POST /auth/passkeys": nothing,
    "GET /auth/passkeys": nothing,
    "PATCH /auth/passkeys/{id}": nothing,
    "DELETE /auth/passkeys/{id}": nothing,
    "GET /customers/me/consents": nothing,
    "PUT /customers/me/consents/{purpose}": nothing,
    "GET /customers/me/export": nothing,
    "DELETE /customers/me": nothing,
    "POST /admin/privacy/guest-erasures": nothing,
    "PATCH /auth/profile": nothing,
    "GET /customers/me/addresses": nothing,
    "POST /customers/me/addresses": nothing,
    "GET /customers/me/addresses/{id}": savedAddress,
    "PATCH /customers/me/addresses/{id}": { ...savedAddress, ...ifMatch, json: { default_billing: true } },
    "DELETE /customers/me/addresses/{id}": { ...savedAddress, ...ifMatch },
  } as const satisfies Record<RouteName, Example>;
}
