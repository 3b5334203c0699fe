import type { Attributes, Metadata } from "./attributes.ts";
import { type ProductDetails, readVariantDetails } from "./details.ts";
import type { ProductOption } from "./document.ts";
import { type Column, type CsvRow, type Header, cellOf } from "./import-columns.ts";
import type { ProductRows } from "./import-grouping.ts";
import type { Refusal } from "./import-report.ts";
import {
  firstCountMax,
  generatedSku,
  imageUrlOf,
  onlyVariantTitle,
  parsePrice,
  skuCharactersMax,
  variantTitle,
  variantsPerProductMax,
} from "./rules.ts";

/** A variant as its row tells it; undefined is what the file has no column for. */
export type ImportedVariant = {
  readonly row: number;
  readonly sku: string;
  readonly title: string;
  readonly options: Readonly<Record<string, string>>;
  readonly price: number;
  readonly compareAtPrice: number | null | undefined;
  readonly imageUrl: string | null | undefined;
  readonly barcode: string | null | undefined;
  readonly weightGrams: number | null | undefined;
  readonly attributes: Attributes | undefined;
  readonly metadata: Metadata | undefined;
  readonly quantity: number | undefined;
};

type ReadVariants =
  | { ok: true; options: ProductOption[]; variants: ImportedVariant[]; refused: Refusal[] }
  | { ok: false; refused: Refusal[] };

type Fault = { ok: false; reason: string; detail: string };
const fault = (reason: string, detail: string): Fault => ({ ok: false, reason, detail });

/** Reads the rows that are variants; the others carry images only. */
export function readVariantRows(
  header: Header,
  group: ProductRows,
  { currency, details }: { currency: string; details: ProductDetails | undefined },
): ReadVariants {
  const names = details === undefined ? optionNames(header, group) : namedBy(details);
  const variants: ImportedVariant[] = [];
  const refused: Refusal[] = [];
  const skus = new Set<string>();
  const choices = new Set<string>();
  for (const row of group.rows.filter((each) => isVariant(header, each))) {
    const read = readVariant({ header, names, currency, handle: group.handle }, row);
    const problem = read.ok ? repetition(read.variant, skus, choices) : read;
    if (problem !== undefined) {
      const { reason, detail } = problem;
      refused.push({ row: row.number, handle: group.handle, reason, detail });
    } else if (read.ok) variants.push(read.variant);
  }
  const [first] = group.rows;
  const refuse = (reason: string, detail: string): ReadVariants => ({
    ok: false,
    refused: [...refused, { row: first?.number ?? 1, handle: group.handle, reason, detail }],
  });
  if (variants.length === 0) return refuse("no_variants", "No row of the product is a valid variant.");
  if (variants.length > variantsPerProductMax)
    return refuse("too_many_variants", `A product has ${variantsPerProductMax} variants at most.`);
  return { ok: true, options: details?.options ?? optionsOf(names, variants), variants, refused };
}

const optionColumns = [
  { name: "option1Name", value: "option1Value" },
  { name: "option2Name", value: "option2Value" },
  { name: "option3Name", value: "option3Value" },
] as const satisfies readonly { name: Column; value: Column }[];

type NamedOption = { readonly name: string; readonly value: Column };

/** Only a product's first rows name its options; "Title" with "Default Title" is how Shopify says that it has none. */
function optionNames(header: Header, { rows }: ProductRows): NamedOption[] {
  const [first] = rows;
  if (first === undefined || cellOf(header, first, "option1Value") === onlyVariantTitle) return [];
  return optionColumns.flatMap(({ name, value }) => {
    const named = rows.map((row) => cellOf(header, row, name) ?? "").find((text) => text !== "");
    return named === undefined ? [] : [{ name: named.slice(0, 255), value }];
  });
}

function namedBy({ options }: ProductDetails): NamedOption[] {
  return optionColumns.slice(0, options.length).map(({ value }, index) => ({
    name: options[index]?.name ?? "",
    value,
  }));
}

const signsOfVariant = ["sku", "price", "option1Value"] as const satisfies readonly Column[];

function isVariant(header: Header, row: CsvRow): boolean {
  return signsOfVariant.some((column) => (cellOf(header, row, column) ?? "") !== "");
}

type RowContext = {
  readonly header: Header;
  readonly names: readonly NamedOption[];
  readonly currency: string;
  readonly handle: string;
};

function readVariant(
  { header, names, currency, handle }: RowContext,
  row: CsvRow,
): Fault | { ok: true; variant: ImportedVariant } {
  const cell = (column: Column) => cellOf(header, row, column);
  const chosen = names.map(({ name, value }) => [name, (cell(value) ?? "").slice(0, 255)] as const);
  const unchosen = chosen.find(([, value]) => value === "");
  if (unchosen !== undefined) return fault("missing_option", `The variant has no value for ${unchosen[0]}.`);
  const price = parsePrice(cell("price") ?? "", currency);
  if (price === undefined)
    return fault("bad_price", `"${cell("price")}" is no price in ${currency}; write 19.99.`);
  const compareAtPrice = optional(cell("compareAtPrice"), (text) => parsePrice(text, currency));
  if (compareAtPrice === "bad")
    return fault("bad_price", `"${cell("compareAtPrice")}" is no compare-at price.`);
  const weightGrams = optional(cell("grams"), readWeight);
  if (weightGrams === "bad") return fault("bad_weight", `"${cell("grams")}" is no weight in grams.`);
  const quantity = optional(cell("quantity"), readQuantity);
  if (quantity === "bad")
    return fault(
      "bad_quantity",
      `"${cell("quantity")}" is no whole number of pieces up to ${firstCountMax}; take in more by a delivery.`,
    );
  const values = chosen.map(([, value]) => value);
  const named = cell("sku") ?? "";
  const sku = named === "" ? generatedSku(handle, values) : named;
  if (sku.length > skuCharactersMax)
    return fault("sku_too_long", `A SKU has ${skuCharactersMax} characters at most.`);
  const image = cell("variantImage");
  const details = readVariantDetails(cell("variantDetails"));
  if (details === "bad")
    return fault("bad_details", "The variant's details are not as an export writes them.");
  return {
    ok: true,
    variant: {
      row: row.number,
      sku,
      title: details?.title ?? variantTitle(values),
      options: Object.fromEntries(chosen),
      price,
      compareAtPrice,
      imageUrl: image === undefined ? undefined : imageUrlOf(image),
      barcode: optional(cell("barcode"), readBarcode),
      weightGrams,
      attributes: details?.attributes,
      metadata: details?.metadata,
      quantity: quantity ?? undefined,
    },
  };
}

/** Undefined without the column, null for a blank cell, "bad" for one that cannot be read. */
function optional<Value>(
  text: string | undefined,
  read: (text: string) => Value | undefined,
): Value | null | undefined | "bad" {
  if (text === undefined) return undefined;
  return text === "" ? null : (read(text) ?? "bad");
}

function readWeight(text: string): number | undefined {
  return /^\d{1,8}(?:\.\d+)?$/.test(text) ? Math.round(Number(text)) : undefined;
}

/** Shops oversell and export what they owe as a negative count; on the shelf that is nothing. */
function readQuantity(text: string): number | undefined {
  if (!/^-?\d{1,9}(?:\.0+)?$/.test(text) || Number(text) > firstCountMax) return undefined;
  return Math.max(0, Number(text));
}

/** Spreadsheets are kept from mangling long numbers by an apostrophe before them. */
function readBarcode(text: string): string {
  return text.replace(/^'/, "").slice(0, 64);
}

function repetition(variant: ImportedVariant, skus: Set<string>, choices: Set<string>): Fault | undefined {
  const choice = JSON.stringify(Object.values(variant.options));
  if (choices.has(choice)) return fault("duplicate_options", `"${variant.title}" stands in an earlier row.`);
  if (skus.has(variant.sku)) return fault("duplicate_sku", `SKU ${variant.sku} stands in an earlier row.`);
  choices.add(choice);
  skus.add(variant.sku);
  return undefined;
}

function optionsOf(names: readonly NamedOption[], variants: readonly ImportedVariant[]): ProductOption[] {
  return names.map(({ name }) => ({
    name,
    values: [...new Set(variants.flatMap(({ options }) => options[name] ?? []))],
  }));
}
