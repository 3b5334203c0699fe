import { fillDatabase } from "./fill-database.ts";

/** Rows of each list. */
export const rowsMade = 10_000;

/** The oldest so many of each list are what is rare in it. */
export const rareRows = 15;

/** Every account was made an hour after the one before it. */
export const firstAccountAt = new Date("2024-01-01T00:00:00Z");

/**
 * Migrates the database and fills every list that staff read: the oldest rows are in states in which no others are, such
 * as customers who are disabled and refunds that failed.
 */
export async function fillStaffLists(databaseUrl: string): Promise<void> {
  await fillDatabase(databaseUrl, statements);
}

const every = `generate_series(1, ${rowsMade}) i`;
const idOf = (prefix: string) => `'${prefix}_' || lpad(i::text, 26, '0')`;
const ifRare = (rare: string, common: string) => `case when i <= ${rareRows} then ${rare} else ${common} end`;

/** Triggers and foreign keys would be asked of each row, and are not what is looked at here. */
const statements = [
  "set session_replication_role = replica",
  "set synchronous_commit = off",
  `insert into users (id, email, name, role, email_verified_at, disabled_at, created_at)
    select 'usr_' || substr(first_order_id(at), 5) || lpad(i::text, 16, '0'), 'buyer' || i || '@example.com', 'Buyer ' || i,
      'customer', ${ifRare("null", "at")}, ${ifRare("at", "null")}, at at time zone 'UTC'
    from ${every}, lateral (select '${firstAccountAt.toISOString()}'::timestamp + i * interval '1 hour' as at) made`,
  `insert into audit_entries (sequence, content, previous_hash, hash)
    select i, jsonb_build_object('actor', ${ifRare("'rare'", "'common'")}, 'action', ${ifRare("'rare'", "'common'")},
      'detail', repeat('x', 200)), '', 'hash ' || i from ${every}`,
  `insert into products (id, handle, title, brand, status, tags, list_terms, currency, price_min, price_max, created_at,
      updated_at)
    select ${idOf("prd")}, 'product-' || i, ${ifRare("'Vicuna product ' || i", "'Tent product ' || md5(i::text)")},
      ${ifRare("'Rare'", "'Common'")}, ${ifRare("'draft'", "case when i % 2 = 0 then 'active' else 'archived' end")},
      array[${ifRare("'rare'", "'common'")}], array[product_term('category', ${ifRare("'cat_rare'", "'cat_common'")})],
      'USD', 100, 100, now() - i * interval '1 minute', now() - i * interval '1 minute' from ${every}`,
  "insert into categories (id, handle, title) values ('cat_rare', 'rare', 'Rare')",
  `insert into variants (id, product_id, position, sku, title, price, currency)
    select ${idOf("var")}, ${idOf("prd")}, 0, 'SKU-' || lpad(i::text, 6, '0'), 'Only', 100, 'USD' from ${every}`,
  `insert into stock_levels (sku, on_hand, held, sold, version, level)
    select 'SKU-' || lpad(i::text, 6, '0'), 0, 0, 0, 1, ${ifRare("'low'", "case when i % 2 = 0 then 'out' else 'in_stock' end")}
    from ${every}`,
  `insert into stock_ledger (sku, seq, kind, quantity, on_hand, held, sold, at)
    select 'SKU-000001', i, 'receive', 1, i, 0, 0, now() from ${every}`,
  `insert into returns (id, order_id, status, requested_by, reason, lines)
    select ${idOf("ret")}, ${idOf("ord")}, ${ifRare("'requested'", "'closed'")}, 'buyer', 'too small', '[]' from ${every}`,
  `insert into refunds (id, order_id, attempt_id, status, amount, currency, origin, request_scope, request_key,
      request_fingerprint)
    select ${idOf("rfd")}, ${idOf("ord")}, ${idOf("pay")},
      case when i <= ${rareRows} then 'failed' when i <= ${2 * rareRows} then 'pending' else 'succeeded' end, 5, 'USD',
      'staff', 'scope', i::text, 'f' from ${every}`,
  `insert into disputes (id, order_id, attempt_id, provider, provider_reference, status, amount, currency, reason,
      reported_at)
    select ${idOf("dsp")}, ${idOf("ord")}, ${idOf("pay")}, 'stripe', 'dp_' || i, 'won', 5, 'USD', 'fraudulent', now()
    from ${every}`,
  `insert into orders (id, status, email, cart_id, currency, subtotal, total, shipping_method, shipping_address,
      billing_address, hold_expires_at)
    select ${idOf("ord")}, ${ifRare("'payment_review'", "'delivered'")}::order_status, 'buyer@example.com',
      ${idOf("crt")}, 'USD', 5, 5, 'standard', '{}', '{}', now() from ${every}`,
  `insert into payment_reviews (id, order_id, attempt_id, reason, decision, decided_at)
    select ${idOf("prv")}, ${idOf("ord")}, ${idOf("pay")}, 'amount_differs', ${ifRare("null", "'accept'")},
      ${ifRare("null", "now()")} from ${every}`,
  `insert into payment_events (id, provider, provider_event_id, type, payload, occurred_at, processed_at, attempts,
      contradictions)
    select ${idOf("pev")}, 'stripe', 'evt_' || i, 'payment_intent.succeeded', '{}', now(), ${ifRare("null", "now()")},
      ${ifRare("9", "1")}, ${ifRare("'[]'::jsonb", "null")} from ${every}`,
  `insert into payment_differences (id, provider, subject, kind, provider_reference, status, resolved_at)
    select ${idOf("pdf")}, ${ifRare("'paypal'", "'stripe'")}, i::text, ${ifRare("'missing_at_provider'", "'amount_differs'")},
      'pi_' || i, ${ifRare("'open'", "'mended'")}, ${ifRare("null", "now()")} from ${every}`,
  `insert into reviews (id, product_id, user_id, rating, body, author, status)
    select ${idOf("rev")}, ${idOf("prd")}, ${idOf("usr")}, 5, 'Kept me dry.', 'B', ${ifRare("'pending'", "'approved'")}
    from ${every}`,
  `insert into search_misses (query, times, first_at, last_at)
    select 'tent ' || lpad(i::text, 6, '0'), 3 + i % 40, now(), now() from ${every}`,
  `insert into outbox (id, type, subject, payload, delivered_at, dead_at)
    select ${idOf("evt")}, 'order.placed', ${idOf("ord")}, '{}', ${ifRare("null", "now()")}, ${ifRare("now()", "null")}
    from ${every}`,
  "vacuum (analyze)",
];
