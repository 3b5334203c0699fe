import { bigint, integer, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";

export const outbox = pgTable("outbox", {
  position: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
  id: text().notNull(),
  type: text().notNull(),
  subject: text().notNull(),
  payload: jsonb().$type<unknown>().notNull(),
  traceparent: text(),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  handledBy: text("handled_by").array().notNull().default([]),
  attempts: integer().notNull().default(0),
  leasedUntil: timestamp("leased_until", { withTimezone: true }),
  lastError: text("last_error"),
  deliveredAt: timestamp("delivered_at", { withTimezone: true }),
  deadAt: timestamp("dead_at", { withTimezone: true }),
});
