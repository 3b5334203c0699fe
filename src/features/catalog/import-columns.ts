/**
 * The columns of a Shopify product export that the catalogue takes, each under the names that exports have given it
 * over the years, in lower case.
 */
const namesOfColumns = {
  handle: ["handle", "url handle"],
  title: ["title"],
  description: ["body (html)", "body html", "description"],
  vendor: ["vendor"],
  category: ["product category", "standardized product type"],
  type: ["type", "custom product type"],
  tags: ["tags"],
  published: ["published", "published on online store"],
  status: ["status"],
  option1Name: ["option1 name"],
  option1Value: ["option1 value"],
  option2Name: ["option2 name"],
  option2Value: ["option2 value"],
  option3Name: ["option3 name"],
  option3Value: ["option3 value"],
  sku: ["variant sku", "sku"],
  price: ["variant price", "price"],
  compareAtPrice: ["variant compare at price", "compare-at price"],
  grams: ["variant grams", "weight value (grams)"],
  barcode: ["variant barcode", "barcode"],
  quantity: ["variant inventory qty", "inventory quantity"],
  imageUrl: ["image src", "product image url"],
  imagePosition: ["image position"],
  imageAlt: ["image alt text"],
  variantImage: ["variant image", "variant image url"],
  productDetails: ["details (product.metafields.tradewind.details)"],
  variantDetails: ["details (variant.metafields.tradewind.details)"],
} as const;

export type Column = keyof typeof namesOfColumns;

const requiredColumns = ["handle", "title", "price"] as const satisfies readonly Column[];

const columnsByName: ReadonlyMap<string, Column> = new Map(
  Object.entries(namesOfColumns).flatMap(([column, names]) =>
    // Object.entries forgets the keys' type.
    names.map((name): [string, Column] => [name, column as Column]),
  ),
);

/** A record of the file; the header is row 1. */
export type CsvRow = { readonly number: number; readonly cells: readonly string[] };

export type Header = {
  readonly cellsInRow: number;
  readonly places: ReadonlyMap<Column, number>;
  /** Columns of the file that are not taken. */
  readonly ignored: readonly string[];
};

export type HeaderOutcome = { ok: true; header: Header } | { ok: false; detail: string };

export function readHeader(cells: readonly string[]): HeaderOutcome {
  const places = new Map<Column, number>();
  const ignored: string[] = [];
  for (const [place, cell] of cells.entries()) {
    const name = cell.trim();
    const column = columnsByName.get(name.toLowerCase());
    if (column !== undefined && !places.has(column)) places.set(column, place);
    else if (name !== "") ignored.push(name);
  }
  const missing = requiredColumns.filter((column) => !places.has(column));
  if (missing.length === 0) return { ok: true, header: { cellsInRow: cells.length, places, ignored } };
  const names = missing.map((column) => namesOfColumns[column].map((name) => `"${name}"`).join(" or "));
  return {
    ok: false,
    detail: `${guess(cells)}The first row must name the columns; missing: ${names.join(", ")}.`,
  };
}

function guess(cells: readonly string[]): string {
  const [only] = cells;
  if (cells.length !== 1 || only === undefined) return "";
  if (only.includes(";")) return "The file seems to be separated by semicolons; separate it by commas. ";
  return only.includes("\t") ? "The file seems to be separated by tabs; separate it by commas. " : "";
}

/** The cell as one trimmed line, empty when the row is too short, or undefined when the file has no such column. */
export function cellOf(header: Header, row: CsvRow, column: Column): string | undefined {
  return textOf(header, row, column)
    ?.replaceAll(/\p{Cc}+/gu, " ")
    .trim();
}

/** The same with its lines and spaces, but without the NUL characters that Postgres refuses. */
export function textOf(header: Header, row: CsvRow, column: Column): string | undefined {
  const place = header.places.get(column);
  return place === undefined ? undefined : (row.cells[place] ?? "").replaceAll("\0", "");
}
