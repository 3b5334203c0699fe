import { sql } from "drizzle-orm";
import { bigint, integer, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import type { Contradiction } from "#core/payment-claims";
import { paymentProviders } from "#core/payment-facts";
import { attemptStatuses } from "./rules.ts";

const moment = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

export const paymentAttempts = pgTable("payment_attempts", {
  id: text().primaryKey(),
  orderId: text("order_id").notNull(),
  provider: text({ enum: paymentProviders }).notNull(),
  status: text({ enum: attemptStatuses }).notNull(),
  providerReference: text("provider_reference"),
  amount: bigint({ mode: "number" }).notNull(),
  currency: text().notNull(),
  capturedAmount: bigint("captured_amount", { mode: "number" }).notNull().default(0),
  failureCode: text("failure_code"),
  /** When staff confirmed that a manual payment's money is there. */
  receivedAt: moment("received_at"),
  /** When staff decided that the payment is its order's, whatever it says of itself. */
  acceptedAt: moment("accepted_at"),
  nextCheckAt: moment("next_check_at"),
  version: bigint({ mode: "number" }).notNull().default(1),
  createdAt: moment("created_at").notNull().defaultNow(),
  updatedAt: moment("updated_at").notNull().defaultNow(),
});

export const paymentReviews = pgTable("payment_reviews", {
  id: text().primaryKey(),
  orderId: text("order_id").notNull(),
  attemptId: text("attempt_id").notNull(),
  reason: text().notNull(),
  contradictions: jsonb().$type<readonly Contradiction[]>().notNull(),
  paymentEventId: text("payment_event_id"),
  openedAt: moment("opened_at").notNull().defaultNow(),
  decision: text({ enum: ["accept", "reject"] }),
  note: text(),
  decidedBy: text("decided_by"),
  decidedAt: moment("decided_at"),
});

export const paymentEvents = pgTable("payment_events", {
  id: text().primaryKey(),
  provider: text({ enum: paymentProviders }).notNull(),
  providerEventId: text("provider_event_id").notNull(),
  type: text().notNull(),
  providerReference: text("provider_reference"),
  payload: jsonb().$type<unknown>().notNull(),
  occurredAt: moment("occurred_at").notNull(),
  receivedAt: moment("received_at").notNull().defaultNow(),
  processedAt: moment("processed_at"),
  attempts: integer().notNull().default(0),
  lastError: text("last_error"),
  /** What it claims otherwise than we know: such an event is kept and not acted on. */
  contradictions: jsonb().$type<readonly Contradiction[]>(),
  /** From when on the sweep may try it, unless it has been processed. */
  nextTryAt: moment("next_try_at")
    .notNull()
    .default(sql`now() + interval '10 seconds'`),
});
