import { z } from "@hono/zod-openapi";
import { MoneyWire } from "#core/money";
import { plainText, unprintable } from "#core/text";
import { AttributesPatch, MetadataPatch, NewAttributes, NewMetadata } from "./attribute-inputs.ts";
import { AttributeValue } from "./attributes.ts";
import {
  firstCountMax,
  onlyVariantTitle,
  optionsPerVariantMax,
  priceMinorMax,
  skuCharactersMax,
  variantsPerProductMax,
} from "./rules.ts";

export const productLimits = {
  titleCharactersMax: 255,
  descriptionCharactersMax: 60_000,
  variantsMax: variantsPerProductMax,
  optionsMax: optionsPerVariantMax,
  tagsMax: 250,
  imagesMax: 250,
  categoriesMax: 20,
} as const;

const ImageWire = z.object({ url: z.string(), alt: z.string() });
const OptionWire = z.object({
  name: z.string().openapi({ example: "Size" }),
  values: z.array(z.string()).openapi({ example: ["S", "M", "L"] }),
});

/** What there is to tell of a category. */
export const categoryFields = {
  id: z.string(),
  handle: z.string(),
  title: z.string(),
  parent_id: z.string().nullable(),
  description: z.string(),
  image: ImageWire.nullable(),
};

const { id, handle, title, parent_id, description, image } = categoryFields;

export const CategoryLink = z.object({ id, handle, title, parent_id }).openapi("CategoryLink");
export type CategoryLink = z.infer<typeof CategoryLink>;

const AttributesWire = z.record(z.string(), AttributeValue).openapi({
  description: "Values by key; GET /attributes tells what they are.",
  example: { fabric: "wool" },
});
export const MetadataWire = z
  .record(z.string(), z.string())
  .openapi({ description: "Texts by key that only the shop sees.", example: { erp_id: "4711" } });

export const VariantWire = z
  .object({
    id: z.string().openapi({ example: "var_01kbqtw9zq3v7m5k2c8d4e6f0g" }),
    sku: z.string(),
    title: z.string(),
    options: z.record(z.string(), z.string()).openapi({ example: { Size: "M", Colour: "Navy" } }),
    price: MoneyWire,
    compare_at_price: MoneyWire.nullable(),
    available: z.int().nullable().openapi({ description: "Advisory; null while nothing was counted." }),
    image: ImageWire.nullable(),
    barcode: z.string().nullable(),
    weight_grams: z.int().nullable(),
    attributes: AttributesWire,
  })
  .openapi("Variant");

export const ProductWire = z
  .object({
    id: z.string().openapi({ example: "prd_01kbqtw9zq3v7m5k2c8d4e6f0g" }),
    handle: z.string().openapi({ example: "ridgeline-rain-jacket" }),
    title: z.string(),
    description: z.string().openapi({ description: "HTML of a safe subset: text, lists, tables, links." }),
    brand: z.string().nullable(),
    product_type: z.string().nullable(),
    status: z.enum(["draft", "active", "archived"]),
    categories: z.array(CategoryLink),
    tags: z.array(z.string()),
    images: z.array(ImageWire),
    options: z.array(OptionWire),
    attributes: AttributesWire,
    price_min: MoneyWire,
    price_max: MoneyWire,
    rating: z.object({ average: z.number(), count: z.int() }),
    variants: z.array(VariantWire),
    version: z.int(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi("Product");
export type ProductWire = z.infer<typeof ProductWire>;

export const AdminProductWire = ProductWire.extend({
  metadata: MetadataWire,
  variants: z.array(VariantWire.extend({ metadata: MetadataWire }).openapi("AdminVariant")),
}).openapi("AdminProduct");
export type AdminProductWire = z.infer<typeof AdminProductWire>;

export type CategoryNode = {
  id: string;
  handle: string;
  title: string;
  description: string;
  image: { url: string; alt: string } | null;
  product_count: number;
  children: CategoryNode[];
};

export const CategoryNode: z.ZodType<CategoryNode> = z
  .object({
    id,
    handle,
    title,
    description,
    image,
    product_count: z.int().openapi({ description: "Active products here and below." }),
    children: z.array(z.lazy(() => CategoryNode)).openapi({
      type: "array",
      items: { $ref: "#/components/schemas/Category" },
    }),
  })
  .openapi("Category");

/** What a caller looks for: a name, an id or a handle. */
export const soughtText = z.string().max(productLimits.titleCharactersMax).regex(plainText);
/** What a caller writes. */
export const safeText = (charactersMax: number) => z.string().trim().max(charactersMax).regex(plainText);
/** An id or a handle in a path. */
export const ProductParam = z.object({ id: soughtText.openapi({ description: "Id or handle." }) });

const minor = z.int().min(0).max(priceMinorMax);
export const newHandle = z
  .string()
  .max(productLimits.titleCharactersMax)
  .regex(
    /^[\p{Ll}\p{Lo}\p{N}]+(?:-[\p{Ll}\p{Lo}\p{N}]+)*$/u,
    "lower-case letters, digits and single hyphens",
  );
const imageUrl = z
  .string()
  .min(1)
  .max(2_048)
  .regex(new RegExp(String.raw`^(?:https?:\/\/|\/)[^\s${unprintable}]+$`, "u"), "an http(s) URL or a path");

export const NewImage = z.strictObject({ url: imageUrl, alt: safeText(512).or(z.literal("")).default("") });

export const NewVariant = z.strictObject({
  sku: safeText(skuCharactersMax).openapi({
    description: "Tells which variant is meant when they are replaced.",
  }),
  title: safeText(productLimits.titleCharactersMax)
    .optional()
    .openapi({ description: `Unless given, the option values joined, or "${onlyVariantTitle}".` }),
  options: z
    .record(safeText(255), safeText(255))
    .refine((chosen) => Object.keys(chosen).length <= productLimits.optionsMax, {
      message: `must choose values for ${productLimits.optionsMax} options at most`,
    })
    .openapi({ maxProperties: productLimits.optionsMax })
    .default({}),
  price: minor.openapi({ description: "Minor units of the product's currency." }),
  compare_at_price: minor.nullable().default(null),
  image_url: imageUrl.nullable().default(null),
  attributes: NewAttributes.default({}),
  metadata: NewMetadata.default({}),
  barcode: safeText(64).nullable().default(null),
  weight_grams: z.int().min(0).max(10_000_000).nullable().default(null),
  initial_quantity: z
    .int()
    .min(0)
    .max(firstCountMax)
    .optional()
    .openapi({ description: "First stock count of a new variant; later counts go to the inventory routes." }),
});
export type NewVariant = z.infer<typeof NewVariant>;

const productFields = {
  title: safeText(productLimits.titleCharactersMax),
  handle: newHandle,
  description: z.string().max(productLimits.descriptionCharactersMax),
  brand: safeText(255).nullable(),
  product_type: safeText(255).nullable(),
  status: z.enum(["draft", "active", "archived"]),
  tags: z
    .array(safeText(255).regex(/^[^,]*$/, "a tag has no commas"))
    .max(productLimits.tagsMax)
    .transform((tags) => [...new Set(tags)]),
  images: z
    .array(NewImage)
    .max(productLimits.imagesMax)
    .refine((images) => new Set(images.map(({ url }) => url)).size === images.length, {
      message: "names each image once",
    }),
  options: z
    .array(z.strictObject({ name: safeText(255), values: z.array(safeText(255)).min(1).max(250) }))
    .max(productLimits.optionsMax),
  categories: z
    .array(soughtText)
    .max(productLimits.categoriesMax)
    .openapi({ description: "Handles or ids of categories that exist; ancestors are added." }),
  variants: z.array(NewVariant).min(1).max(productLimits.variantsMax),
};

export const NewProduct = z
  .strictObject({
    ...productFields,
    handle: newHandle.optional().openapi({ description: "Made from the title unless given." }),
    description: productFields.description.default(""),
    brand: productFields.brand.default(null),
    product_type: productFields.product_type.default(null),
    status: productFields.status.default("draft"),
    tags: productFields.tags.default([]),
    images: productFields.images.default([]),
    options: productFields.options.default([]),
    attributes: NewAttributes.default({}),
    metadata: NewMetadata.default({}),
    categories: productFields.categories.default([]),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .optional(),
  })
  .openapi("NewProduct");
export type NewProduct = z.infer<typeof NewProduct>;

/**
 * RFC 7396: members that are present replace, null clears what may be empty; lists are replaced as a whole, attributes
 * and metadata member by member.
 */
export const ProductPatch = z
  .strictObject({
    ...productFields,
    description: productFields.description.nullable(),
    tags: productFields.tags.nullable(),
    images: productFields.images.nullable(),
    options: productFields.options.nullable(),
    categories: productFields.categories.nullable(),
    attributes: AttributesPatch,
    metadata: MetadataPatch,
  })
  .partial()
  .openapi("ProductPatch");
export type ProductPatch = z.infer<typeof ProductPatch>;
