import { bigint, boolean, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import type { Id } from "#core/ids";
import type { Address } from "#features/orders/schema";

export const customerAddresses = pgTable("customer_addresses", {
  id: text().$type<Id<"address">>().primaryKey(),
  userId: text("user_id").$type<Id<"user">>().notNull(),
  address: jsonb().$type<Address>().notNull(),
  defaultShipping: boolean("default_shipping").notNull().default(false),
  defaultBilling: boolean("default_billing").notNull().default(false),
  version: bigint({ mode: "number" }).notNull().default(1),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  updatedAt: timestamp("updated_at", { withTimezone: true }).notNull().defaultNow(),
});
export type CustomerAddressRow = typeof customerAddresses.$inferSelect;
