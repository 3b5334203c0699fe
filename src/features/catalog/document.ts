import { z } from "zod";
import { Currency } from "#core/money";
import { epochMs } from "#core/time";
import { Attributes, Metadata } from "./attributes.ts";

export const ProductOption = z.object({ name: z.string(), values: z.array(z.string()) });
export type ProductOption = z.infer<typeof ProductOption>;

export const ProductImage = z.object({ url: z.string(), alt: z.string() });
export type ProductImage = z.infer<typeof ProductImage>;

export const ProductStatus = z.enum(["draft", "active", "archived"]);
export type ProductStatus = z.infer<typeof ProductStatus>;

const moment = z.number().transform(epochMs);

export const DocumentVariant = z.object({
  id: z.string(),
  sku: z.string(),
  title: z.string(),
  options: z.record(z.string(), z.string()),
  /** Minor units of the product's currency, as all amounts here. */
  price: z.int(),
  compareAtPrice: z.int().nullable(),
  imageUrl: z.string().nullable(),
  barcode: z.string().nullable(),
  weightGrams: z.int().nullable(),
  attributes: Attributes,
  metadata: Metadata,
  /** The advisory copy of the stock; null until the inventory object has reported. */
  available: z.int().nullable(),
});
export type DocumentVariant = z.infer<typeof DocumentVariant>;

export const DocumentCategory = z.object({
  id: z.string(),
  handle: z.string(),
  title: z.string(),
  parentId: z.string().nullable(),
});

/** A product with all that belongs to it, as it is cached, served and indexed for search. */
export const ProductDocument = z.object({
  id: z.string(),
  handle: z.string(),
  title: z.string(),
  /** HTML of the safe subset that `sanitizeHtml` leaves. */
  description: z.string(),
  brand: z.string().nullable(),
  productType: z.string().nullable(),
  status: ProductStatus,
  tags: z.array(z.string()),
  options: z.array(ProductOption),
  images: z.array(ProductImage),
  attributes: Attributes,
  metadata: Metadata,
  currency: Currency,
  priceMin: z.int(),
  priceMax: z.int(),
  ratingAverage: z.number(),
  ratingCount: z.int(),
  /** The categories it is filed under and all their ancestors. */
  categories: z.array(DocumentCategory),
  /** In the shop's display order. */
  variants: z.array(DocumentVariant),
  version: z.int(),
  /** Sum of the variants' stock versions and the rating's: grows with every report of either while `version` stays. */
  stockVersion: z.int(),
  createdAt: moment,
  updatedAt: moment,
});
export type ProductDocument = z.infer<typeof ProductDocument>;
