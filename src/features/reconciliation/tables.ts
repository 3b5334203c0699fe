import { bigint, integer, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";
import { paymentProviders } from "#core/payment-facts";
import { differenceKinds, differenceStatuses } from "./rules.ts";

const moment = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });
const amount = (name: string) => bigint(name, { mode: "number" });

/** Payment providers, and the shop itself, whose tables are compared with each other. */
export const feedProviders = ["stripe", "paypal", "shop"] as const;
export type FeedProvider = (typeof feedProviders)[number];

export const feeds = pgTable(
  "reconciliation_feeds",
  {
    provider: text({ enum: feedProviders }).notNull(),
    list: text().notNull(),
    coveredUntil: moment("covered_until").notNull(),
    windowFrom: moment("window_from"),
    windowUntil: moment("window_until"),
    pageCursor: text("page_cursor"),
    nextRunAt: moment("next_run_at").notNull(),
    nextTryAt: moment("next_try_at").notNull(),
    lease: text(),
    leasedUntil: moment("leased_until").notNull(),
    askedBy: text("asked_by"),
    startedAt: moment("started_at"),
    finishedAt: moment("finished_at"),
    pages: integer().notNull().default(0),
    compared: integer().notNull().default(0),
    suspected: integer().notNull().default(0),
    lastError: text("last_error"),
  },
  (table) => [primaryKey({ columns: [table.provider, table.list] })],
);

export const suspects = pgTable(
  "payment_suspects",
  {
    provider: text({ enum: paymentProviders }).notNull(),
    subject: text().notNull(),
    providerReference: text("provider_reference"),
    captureId: text("capture_id"),
    disputeId: text("dispute_id"),
    attemptId: text("attempt_id"),
    nextCheckAt: moment("next_check_at").notNull(),
    leasedUntil: moment("leased_until").notNull(),
    records: text().array().notNull().default([]),
    suspicions: integer().notNull().default(1),
    checks: integer().notNull().default(0),
    lastError: text("last_error"),
    createdAt: moment("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.provider, table.subject] })],
);

export const differences = pgTable("payment_differences", {
  id: text().primaryKey(),
  provider: text({ enum: paymentProviders }).notNull(),
  subject: text().notNull(),
  kind: text({ enum: differenceKinds }).notNull(),
  providerReference: text("provider_reference").notNull(),
  orderId: text("order_id"),
  attemptId: text("attempt_id"),
  ourAmount: amount("our_amount"),
  theirAmount: amount("their_amount"),
  currency: text(),
  status: text({ enum: differenceStatuses }).notNull(),
  detail: text(),
  note: text(),
  closedBy: text("closed_by"),
  version: amount("version").notNull().default(1),
  firstSeenAt: moment("first_seen_at").notNull(),
  lastSeenAt: moment("last_seen_at").notNull(),
  resolvedAt: moment("resolved_at"),
});
