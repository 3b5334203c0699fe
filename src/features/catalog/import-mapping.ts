import type { Attributes, Metadata } from "./attributes.ts";
import type { NewDefinition } from "./attribute-store.ts";
import { type CategoryDetails, type FiledCategory, readProductDetails } from "./details.ts";
import type { ProductImage, ProductOption, ProductStatus } from "./document.ts";
import { type Column, type CsvRow, type Header, cellOf, textOf } from "./import-columns.ts";
import type { ProductRows } from "./import-grouping.ts";
import type { Refusal } from "./import-report.ts";
import { categoryDepthMax, handleFrom, imageUrlOf } from "./rules.ts";
import { sanitizeHtml } from "./sanitize-html.ts";
import { type ImportedVariant, readVariantRows } from "./import-variants.ts";

/** A category on the way to the product; its ancestors come before it. */
export type CategoryStep = {
  /** Made of a path, the handles from the top joined by "/": the same for the same path in every file. */
  readonly handle: string;
  readonly title: string;
  readonly parentHandle: string | null;
  /** What a new category is given besides. */
  readonly details?: CategoryDetails;
};

/** A product as its rows tell it; undefined is what the file has no column for. */
export type ImportedProduct = {
  readonly row: number;
  readonly handle: string;
  readonly title: string;
  readonly description: string | undefined;
  readonly brand: string | null | undefined;
  readonly productType: string | null | undefined;
  readonly status: ProductStatus | undefined;
  readonly tags: readonly string[] | undefined;
  readonly options: readonly ProductOption[];
  readonly images: readonly ProductImage[] | undefined;
  readonly categories: readonly CategoryStep[] | undefined;
  readonly attributes: Attributes | undefined;
  readonly metadata: Metadata | undefined;
  /** What its attributes mean, where the shop does not know it yet. */
  readonly definitions: readonly NewDefinition[];
  readonly currency: string;
  readonly variants: readonly ImportedVariant[];
};

export type Mapped = { readonly product: ImportedProduct | undefined; readonly refused: readonly Refusal[] };

export const mappingLimits = {
  titleCharactersMax: 255,
  descriptionCharactersMax: 60_000,
  tagsMax: 250,
  categoryDepthMax,
} as const;

/** Makes a product of its rows; rows that cannot be a variant are left out and reported. */
export function mapProduct(header: Header, group: ProductRows, currency: string): Mapped {
  const [first] = group.rows;
  if (first === undefined) throw new Error("a product has at least one row");
  const cell = (column: Column) => cellOf(header, first, column);
  const refuse = (reason: string, detail: string): Mapped => ({
    product: undefined,
    refused: [
      { row: first.number, handle: group.handle, reason, detail: `${detail} The product is left out.` },
    ],
  });
  const title = cell("title") ?? "";
  if (title === "") return refuse("missing_title", "The product's first row needs a title.");
  if (title.length > mappingLimits.titleCharactersMax)
    return refuse("title_too_long", `A title has ${mappingLimits.titleCharactersMax} characters at most.`);
  const body = textOf(header, first, "description");
  if (body !== undefined && body.length > mappingLimits.descriptionCharactersMax)
    return refuse(
      "description_too_long",
      `A description has ${mappingLimits.descriptionCharactersMax} characters at most.`,
    );
  const status = readStatus(cell("status"), cell("published"));
  if (status === "unknown") return refuse("bad_status", "Status is active, draft or archived.");
  const details = readProductDetails(cell("productDetails"));
  if (details === "bad")
    return refuse("bad_details", "The product's details are not as an export writes them.");
  const priced = { currency: details?.currency ?? currency, details };
  const read = readVariantRows(header, group, priced);
  if (!read.ok) return { product: undefined, refused: read.refused };
  return {
    refused: read.refused,
    product: {
      row: first.number,
      handle: group.handle,
      title,
      description: body === undefined ? undefined : sanitizeHtml(body),
      brand: blankAsNull(cell("vendor")),
      productType: blankAsNull(cell("type")),
      status,
      tags: readTags(cell("tags")),
      options: read.options,
      images: readImages(header, group.rows),
      categories:
        details === undefined ? readCategory(cell("category"), cell("type")) : stepsOf(details.categories),
      attributes: details?.attributes,
      metadata: details?.metadata,
      definitions: details?.definitions ?? [],
      currency: priced.currency,
      variants: read.variants,
    },
  };
}

function blankAsNull(text: string | undefined): string | null | undefined {
  return text === "" ? null : text?.slice(0, 255);
}

/** A product that is active but not published in the shop is a draft here: it is not to be seen. */
function readStatus(
  status: string | undefined,
  published: string | undefined,
): ProductStatus | undefined | "unknown" {
  const shown = published === undefined || published === "" || /^(?:true|yes|1)$/i.test(published);
  const named = status?.toLowerCase() ?? "";
  if (named === "" && published === undefined) return undefined;
  if (named === "" || named === "active") return shown ? "active" : "draft";
  if (named === "unlisted") return "draft";
  return named === "draft" || named === "archived" ? named : "unknown";
}

function readTags(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const tags = text.split(",").map((tag) => tag.trim().slice(0, 255));
  return [...new Set(tags)].filter((tag) => tag !== "").slice(0, mappingLimits.tagsMax);
}

/** Images stand in the order of their positions; rows without one follow in the file's order. */
function readImages(header: Header, rows: readonly CsvRow[]): ProductImage[] | undefined {
  if (!header.places.has("imageUrl")) return undefined;
  const images = new Map<string, ProductImage & { position: number }>();
  for (const row of rows) {
    const url = imageUrlOf(cellOf(header, row, "imageUrl"));
    if (url === null || images.has(url)) continue;
    const position = Number(cellOf(header, row, "imagePosition") ?? "") || Number.POSITIVE_INFINITY;
    images.set(url, { url, alt: (cellOf(header, row, "imageAlt") ?? "").slice(0, 512), position });
  }
  return [...images.values()]
    .sort((a, b) => (a.position === b.position ? 0 : a.position - b.position))
    .map(({ url, alt }) => ({ url, alt }));
}

/** Categories as files name them. */
export function stepsOf(categories: readonly FiledCategory[]): CategoryStep[] {
  return categories.map(({ handle, title, parent, ...details }) => ({
    handle,
    title,
    parentHandle: parent,
    ...(Object.keys(details).length > 0 && { details }),
  }));
}

/** Shopify writes the path as "Apparel > Outerwear > Jackets"; a product without one is filed under its type. */
function readCategory(path: string | undefined, type: string | undefined): CategoryStep[] | undefined {
  if (path === undefined && type === undefined) return undefined;
  const titles = (path === undefined || path === "" ? (type ?? "") : path)
    .split(">")
    .map((title) => title.trim().slice(0, 255))
    .filter((title) => handleFrom(title) !== "")
    .slice(0, mappingLimits.categoryDepthMax);
  const steps: CategoryStep[] = [];
  for (const title of titles) {
    const parentHandle = steps.at(-1)?.handle ?? null;
    const own = handleFrom(title);
    steps.push({ handle: parentHandle === null ? own : `${parentHandle}/${own}`, title, parentHandle });
  }
  return steps;
}
