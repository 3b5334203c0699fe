import { bigint, boolean, jsonb, pgTable, smallint, text, timestamp } from "drizzle-orm/pg-core";

const moment = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

export type RefundLine = { readonly order_line_id: string; readonly quantity: number };

export const refunds = pgTable("refunds", {
  id: text().primaryKey(),
  orderId: text("order_id").notNull(),
  attemptId: text("attempt_id").notNull(),
  status: text({ enum: ["pending", "succeeded", "failed"] }).notNull(),
  amount: bigint({ mode: "number" }).notNull(),
  currency: text().notNull(),
  reason: text(),
  restock: boolean().notNull().default(false),
  returnId: text("return_id"),
  lines: jsonb().$type<readonly RefundLine[]>().notNull().default([]),
  origin: text({ enum: ["staff", "provider", "system"] }).notNull(),
  providerReference: text("provider_reference"),
  failureCode: text("failure_code"),
  requestScope: text("request_scope").notNull(),
  requestKey: text("request_key").notNull(),
  requestFingerprint: text("request_fingerprint").notNull(),
  nextCheckAt: moment("next_check_at"),
  version: bigint({ mode: "number" }).notNull().default(1),
  createdAt: moment("created_at").notNull().defaultNow(),
  updatedAt: moment("updated_at").notNull().defaultNow(),
});

export const moneyLedger = pgTable("money_ledger", {
  transactionId: text("transaction_id").notNull(),
  line: smallint().notNull(),
  orderId: text("order_id").notNull(),
  account: text().notNull(),
  amount: bigint({ mode: "number" }).notNull(),
  currency: text().notNull(),
  at: moment("at").notNull().defaultNow(),
});
