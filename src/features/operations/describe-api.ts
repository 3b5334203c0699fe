import { type ErrorCode, errorCodes } from "#core/errors";
import { permissions } from "#core/permissions";
import { accessTokenSeconds } from "#platform/access-tokens";

/** A limit of the API: every loop, body and list has one, and each has a name. */
export type Limit = { name: string; value: number; unit: string; meaning: string };

export type DescribedError = { code: ErrorCode; status: number; title: string; retryable: boolean };

/** Of the API as its clients see it, the first half of `/v1`; the package has a version of its own. */
const apiVersion = "1.0.0";

const conventions = `
An edge-native commerce API: products, search, carts, orders, payments, stock and live updates.

- **JSON** is snake_case. Unknown fields are refused. Money is \`{ "amount": 1999, "currency": "USD" }\`, in minor units.
- **Errors** are \`application/problem+json\` (RFC 9457). Branch on \`code\`; it never changes.
- **Reading what you wrote.** A write answers with a \`Consistency-Token\`; a read that carries it sees that write, whichever
  replica or cache would have answered. It is heeded for five minutes. Without it, public reads may be some moments old.
- **Writes** accept an \`Idempotency-Key\`, and some need one: repeat a request with the same key and it takes effect once.
- **Admin changes** need \`If-Match\` with the \`ETag\` that was read.
- **Lists** are pages: \`{ data, has_more, next_cursor }\`; pass \`next_cursor\` as \`after\`.
- **Every answer** carries a \`Request-Id\`; quote it when you report a fault.
- \`/v1/…\` is an alias of \`/…\`.
`.trim();

const tags = [
  { name: "auth", description: "Accounts, sessions and the keys that access tokens are verified with." },
  { name: "customers", description: "What customers keep with the shop: addresses, consents, their data." },
  { name: "customers (staff)", description: "Finding and helping customers." },
  { name: "privacy", description: "What the shop keeps of a person, and forgets on request." },
  { name: "catalogue", description: "Products, variants and categories." },
  { name: "catalogue (staff)", description: "What the shop's own people do with the catalogue." },
  { name: "reviews", description: "What buyers say of what they bought." },
  { name: "reviews (staff)", description: "Approving and rejecting what buyers say." },
  { name: "search", description: "Full-text search with facets and suggestions." },
  { name: "cart", description: "What a buyer is about to order; guests have one as well." },
  { name: "orders", description: "Placing, following and cancelling orders." },
  { name: "returns", description: "Sending goods back; the money goes back by refunds." },
  { name: "returns (staff)", description: "Deciding on returns, and receiving what comes back." },
  { name: "payment (staff)", description: "Refunds, and manual payments that have arrived." },
  { name: "orders (staff)", description: "What the shop's own people do with orders." },
  { name: "payment", description: "Paying an order, and what the payment providers report." },
  { name: "inventory", description: "What can still be sold." },
  { name: "live", description: "Orders, promotions and stock as they change." },
  { name: "staff", description: "Who belongs to the staff, their roles, and keys for programs." },
  { name: "operations", description: "Health, readiness and this description." },
];

export const describedErrors: readonly DescribedError[] = Object.entries(errorCodes).map(([code, entry]) => ({
  // The keys of errorCodes are what ErrorCode is made of.
  code: code as ErrorCode,
  ...entry,
}));

/** The frame of the OpenAPI document; paths and schemas come from the routes themselves. */
export function describeApi(shop: { name: string; url: string }, limits: readonly Limit[]) {
  return {
    openapi: "3.1.0",
    info: {
      title: `${shop.name} API`,
      version: apiVersion,
      description: [conventions, permissionTable(), errorTable(), limitTable(limits)].join("\n\n"),
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: shop.url }],
    tags,
    "x-error-codes": describedErrors,
    "x-permissions": permissions,
    "x-limits": limits,
  };
}

export const bearerScheme = {
  type: "http",
  scheme: "bearer",
  bearerFormat: "JWT",
  description: `The access token of POST /auth/login, good for ${accessTokenSeconds} seconds; POST /auth/refresh gives the next.`,
} as const;

function permissionTable(): string {
  const rows = Object.entries(permissions).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  return [
    "## Permissions of the staff and of API keys",
    "",
    "| Name | Lets its holder |",
    "|---|---|",
    ...rows,
  ].join("\n");
}

function errorTable(): string {
  const rows = describedErrors.map(
    ({ code, status, title, retryable }) =>
      `| \`${code}\` | ${status} | ${title} | ${retryable ? "yes" : "no"} |`,
  );
  return ["## Error codes", "", "| Code | Status | Meaning | Retry |", "|---|---|---|---|", ...rows].join(
    "\n",
  );
}

function limitTable(limits: readonly Limit[]): string {
  const rows = limits.map(
    ({ name, value, unit, meaning }) => `| \`${name}\` | ${value} ${unit} | ${meaning} |`,
  );
  return ["## Limits", "", "| Name | Limit | Meaning |", "|---|---|---|", ...rows].join("\n");
}
