import { bigint, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import type { FulfilmentLine } from "#features/orders/rules";
import { type ReceivedLine, returnStatuses } from "./rules.ts";

const moment = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

export type Receipt = { readonly at: string; readonly lines: readonly ReceivedLine[] };

export const returns = pgTable("returns", {
  id: text().primaryKey(),
  orderId: text("order_id").notNull(),
  status: text({ enum: returnStatuses }).notNull(),
  requestedBy: text("requested_by", { enum: ["buyer", "staff"] }).notNull(),
  reason: text().notNull(),
  decisionNote: text("decision_note"),
  lines: jsonb().$type<readonly FulfilmentLine[]>().notNull(),
  receipts: jsonb().$type<readonly Receipt[]>().notNull(),
  version: bigint({ mode: "number" }).notNull(),
  createdAt: moment("created_at").notNull(),
  updatedAt: moment("updated_at").notNull(),
});
