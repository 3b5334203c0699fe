import { bigint, integer, jsonb, pgEnum, pgSchema, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import { type FulfilmentLine, orderStatuses } from "./rules.ts";
import type { Address } from "./schema.ts";

const orderStatus = pgEnum("order_status", orderStatuses);
const moment = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });
const minor = (name?: string) =>
  name === undefined ? bigint({ mode: "number" }) : bigint(name, { mode: "number" });

export const orders = pgTable("orders", {
  id: text().primaryKey(),
  number: bigint({ mode: "number" }),
  status: orderStatus().notNull().default("pending_payment"),
  userId: text("user_id"),
  email: text().notNull(),
  cartId: text("cart_id").notNull(),
  currency: text().notNull(),
  subtotal: minor().notNull(),
  discount: minor().notNull().default(0),
  shipping: minor().notNull().default(0),
  tax: minor().notNull().default(0),
  total: minor().notNull(),
  refunded: minor().notNull().default(0),
  shippingMethod: text("shipping_method").notNull(),
  shippingAddress: jsonb("shipping_address").$type<Address>().notNull(),
  billingAddress: jsonb("billing_address").$type<Address>().notNull(),
  notes: text(),
  traceparent: text(),
  holdExpiresAt: moment("hold_expires_at").notNull(),
  version: bigint({ mode: "number" }).notNull().default(1),
  createdAt: moment("created_at").notNull().defaultNow(),
  updatedAt: moment("updated_at").notNull().defaultNow(),
});

export const orderLines = pgTable("order_lines", {
  id: text().primaryKey(),
  orderId: text("order_id").notNull(),
  position: integer().notNull(),
  productId: text("product_id").notNull(),
  variantId: text("variant_id").notNull(),
  sku: text().notNull(),
  title: text().notNull(),
  quantity: integer().notNull(),
  unitPrice: minor("unit_price").notNull(),
  total: minor().notNull(),
});

const orderEventColumns = {
  orderId: text("order_id").notNull(),
  sequence: integer().notNull(),
  id: text().notNull(),
  type: text().notNull(),
  data: jsonb().$type<Record<string, unknown>>().notNull().default({}),
  actor: text().notNull(),
  at: moment("at").notNull(),
};
export const orderEvents = pgTable("order_events", orderEventColumns);
export const archivedOrderEvents = pgSchema("archive").table("order_events", orderEventColumns);

export const fulfilments = pgTable("fulfilments", {
  id: text().primaryKey(),
  orderId: text("order_id").notNull(),
  status: text({ enum: ["open", "shipped", "delivered", "cancelled"] }).notNull(),
  carrier: text(),
  trackingNumber: text("tracking_number"),
  trackingUrl: text("tracking_url"),
  lines: jsonb().$type<readonly FulfilmentLine[]>().notNull(),
  shippedAt: moment("shipped_at"),
  deliveredAt: moment("delivered_at"),
  createdAt: moment("created_at").notNull().defaultNow(),
  updatedAt: moment("updated_at").notNull().defaultNow(),
});
