import type { ProductDetails, VariantDetails } from "./details.ts";
import type { DocumentVariant, ProductDocument } from "./document.ts";
import type { ExportedProduct } from "./exported-product.ts";
import { filedCategories, filedDefinitions, inOrder } from "./filed-product.ts";
import { amountText, onlyVariantTitle } from "./rules.ts";

type Cell = string | number | null | undefined;

/** Columns that only a product's first row fills. */
const productColumns = [
  "Title",
  "Body (HTML)",
  "Vendor",
  "Product Category",
  "Type",
  "Tags",
  "Published",
  "Status",
  "Details (product.metafields.tradewind.details)",
] as const;

const variantColumns = [
  "Option1 Name",
  "Option1 Value",
  "Option2 Name",
  "Option2 Value",
  "Option3 Name",
  "Option3 Value",
  "Variant SKU",
  "Variant Grams",
  "Variant Inventory Qty",
  "Variant Price",
  "Variant Compare At Price",
  "Variant Barcode",
  "Variant Image",
  "Details (variant.metafields.tradewind.details)",
] as const;

const imageColumns = ["Image Src", "Image Position", "Image Alt Text"] as const;

export const csvHeader = csvRow(["Handle", ...productColumns, ...variantColumns, ...imageColumns]);

/** A product as Shopify writes it: a row a variant, and the images beside them, as many rows as the longer list needs. */
export function csvRowsOf(exported: ExportedProduct): string {
  const { product } = exported;
  const { variants, images } = product;
  const rows = Array.from({ length: Math.max(variants.length, images.length) }, (_, index) => {
    const variant = variants[index];
    const image = images[index];
    return csvRow([
      product.handle,
      ...(index === 0 ? productCells(exported) : blank(productColumns)),
      ...(variant === undefined ? blank(variantColumns) : variantCells(product, variant)),
      ...(image === undefined ? blank(imageColumns) : [image.url, index + 1, image.alt]),
    ]);
  });
  return rows.join("");
}

function productCells(exported: ExportedProduct): Cell[] {
  const { product, definitions } = exported;
  const categories = filedCategories(exported);
  const details: ProductDetails = {
    currency: product.currency,
    options: product.options,
    categories,
    ...filedDefinitions(definitions),
    attributes: inOrder(product.attributes),
    metadata: inOrder(product.metadata),
  };
  return [
    product.title,
    product.description,
    product.brand,
    pathOf(categories),
    product.productType,
    product.tags.join(", "),
    product.status === "active" ? "TRUE" : "FALSE",
    product.status,
    JSON.stringify(details),
  ];
}

/** The titles down to the deepest category, for those who know no details. */
function pathOf(categories: ProductDetails["categories"]): string {
  const titles: string[] = [];
  let step = categories.at(-1);
  while (step !== undefined && titles.length < categories.length) {
    titles.unshift(step.title);
    const { parent } = step;
    step = categories.find(({ handle }) => handle === parent);
  }
  return titles.join(" > ");
}

function variantCells(product: ProductDocument, variant: DocumentVariant): Cell[] {
  const amount = (minor: number | null) => (minor === null ? null : amountText(minor, product.currency));
  const options = product.options.flatMap(({ name }): Cell[] => [name, variant.options[name]]);
  const chosen = options.length === 0 ? ["Title", onlyVariantTitle] : options;
  const details: VariantDetails = {
    title: variant.title,
    attributes: inOrder(variant.attributes),
    metadata: inOrder(variant.metadata),
  };
  return [
    ...chosen,
    ...blank(variantColumns).slice(0, 6 - chosen.length),
    variant.sku,
    variant.weightGrams,
    variant.available,
    amount(variant.price),
    amount(variant.compareAtPrice),
    // An import takes one apostrophe away, which keeps spreadsheets from mangling long numbers.
    variant.barcode?.startsWith("'") === true ? `'${variant.barcode}` : variant.barcode,
    variant.imageUrl,
    JSON.stringify(details),
  ];
}

function blank(columns: readonly string[]): Cell[] {
  return columns.map(() => "");
}

function csvRow(cells: readonly Cell[]): string {
  return `${cells.map(quoted).join(",")}\r\n`;
}

function quoted(cell: Cell): string {
  const text = String(cell ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
