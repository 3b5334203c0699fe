import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from "drizzle-orm/pg-core";
import { type Attributes, type Metadata, attributeOwners, attributeTypes } from "./attributes.ts";
import type { ProductImage, ProductOption } from "./document.ts";
import type { Refusal } from "./import-report.ts";

const moment = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

export const categories = pgTable("categories", {
  id: text().primaryKey(),
  handle: text().notNull().unique(),
  title: text().notNull(),
  parentId: text("parent_id"),
  description: text().notNull().default(""),
  image: jsonb().$type<ProductImage>(),
  metadata: jsonb().$type<Metadata>().notNull().default({}),
  position: integer().notNull().default(0),
  /** Where its products are on their way to, since it was deleted. */
  mergedInto: text("merged_into"),
  version: bigint({ mode: "number" }).notNull().default(1),
  createdAt: moment("created_at").notNull().defaultNow(),
  updatedAt: moment("updated_at").notNull().defaultNow(),
});

export const products = pgTable("products", {
  id: text().primaryKey(),
  handle: text().notNull().unique(),
  title: text().notNull(),
  description: text().notNull().default(""),
  brand: text(),
  productType: text("product_type"),
  status: text({ enum: ["draft", "active", "archived"] }).notNull(),
  tags: text().array().notNull().default([]),
  options: jsonb().$type<ProductOption[]>().notNull().default([]),
  images: jsonb().$type<ProductImage[]>().notNull().default([]),
  attributes: jsonb().$type<Attributes>().notNull().default({}),
  metadata: jsonb().$type<Metadata>().notNull().default({}),
  currency: text().notNull(),
  priceMin: bigint("price_min", { mode: "number" }).notNull(),
  priceMax: bigint("price_max", { mode: "number" }).notNull(),
  ratingSum: bigint("rating_sum", { mode: "number" }).notNull().default(0),
  ratingCount: integer("rating_count").notNull().default(0),
  ratingAverage: numeric("rating_average", { precision: 3, scale: 2, mode: "number" }).generatedAlwaysAs(
    sql`case when rating_count = 0 then 0 else round(rating_sum::numeric / rating_count, 2) end`,
  ),
  /** What lists find it by: see the migrations. */
  listTerms: uuid("list_terms").array().notNull().default([]),
  inStock: boolean("in_stock").notNull().default(false),
  ratingVersion: bigint("rating_version", { mode: "number" }).notNull().default(0),
  version: bigint({ mode: "number" }).notNull().default(1),
  createdAt: moment("created_at").notNull().defaultNow(),
  updatedAt: moment("updated_at").notNull().defaultNow(),
});

export const variants = pgTable("variants", {
  id: text().primaryKey(),
  productId: text("product_id").notNull(),
  position: integer().notNull(),
  sku: text().notNull().unique(),
  title: text().notNull(),
  options: jsonb().$type<Record<string, string>>().notNull().default({}),
  price: bigint({ mode: "number" }).notNull(),
  compareAtPrice: bigint("compare_at_price", { mode: "number" }),
  currency: text().notNull(),
  imageUrl: text("image_url"),
  barcode: text(),
  weightGrams: integer("weight_grams"),
  attributes: jsonb().$type<Attributes>().notNull().default({}),
  metadata: jsonb().$type<Metadata>().notNull().default({}),
  createdAt: moment("created_at").notNull().defaultNow(),
  updatedAt: moment("updated_at").notNull().defaultNow(),
});

/** A product's categories: the ones it is filed under and all their ancestors. */
export const productCategories = pgTable(
  "product_categories",
  {
    productId: text("product_id").notNull(),
    categoryId: text("category_id").notNull(),
    filed: boolean().notNull().default(true),
  },
  (table) => [primaryKey({ columns: [table.categoryId, table.productId] })],
);

export const attributeDefinitions = pgTable("attribute_definitions", {
  key: text().primaryKey(),
  title: text().notNull(),
  appliesTo: text("applies_to", { enum: attributeOwners }).notNull(),
  type: text({ enum: attributeTypes }).notNull(),
  choices: text().array().notNull().default([]),
  version: bigint({ mode: "number" }).notNull().default(1),
  createdAt: moment("created_at").notNull().defaultNow(),
  updatedAt: moment("updated_at").notNull().defaultNow(),
});

/** Read here, written by inventory: the latest figures that each SKU's inventory object reported. */
export const stockLevels = pgTable("stock_levels", {
  sku: text().primaryKey(),
  onHand: bigint("on_hand", { mode: "number" }).notNull(),
  held: bigint({ mode: "number" }).notNull(),
  sold: bigint({ mode: "number" }).notNull(),
  available: bigint({ mode: "number" }).generatedAlwaysAs(sql`on_hand - held - sold`),
  version: bigint({ mode: "number" }).notNull(),
  updatedAt: moment("updated_at").notNull().defaultNow(),
});

export const productImports = pgTable("product_imports", {
  id: text().primaryKey(),
  status: text({ enum: ["running", "finished", "failed"] }).notNull(),
  rowsRead: integer("rows_read").notNull().default(0),
  created: integer().notNull().default(0),
  updated: integer().notNull().default(0),
  unchanged: integer().notNull().default(0),
  refused: integer().notNull().default(0),
  report: jsonb().$type<Refusal[]>().notNull().default([]),
  startedAt: moment("started_at").notNull().defaultNow(),
  finishedAt: moment("finished_at"),
  updatedAt: moment("updated_at").notNull().defaultNow(),
  ignoredColumns: text("ignored_columns").array().notNull().default([]),
  stockCounts: integer("stock_counts").notNull().default(0),
  failure: text(),
});
