/** The title of the one variant of a product without choices, as Shopify names it. */
export const onlyVariantTitle = "Default Title";

/** How a cart or an order names a variant. */
export function sellableTitle(productTitle: string, variantTitle: string): string {
  return variantTitle === onlyVariantTitle ? productTitle : `${productTitle} – ${variantTitle}`;
}

/** A variant's own title from its options' values. */
export function variantTitle(values: readonly string[]): string {
  return values.length === 0 ? onlyVariantTitle : values.join(" / ");
}

/** A URL segment from a title: lower-case letters and digits of any script, joined by hyphens. */
export function handleFrom(title: string): string {
  return title
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^\p{Ll}\p{Lo}\p{N}]+/gu, "-")
    .replaceAll(/^-|-$/g, "");
}

const digitsOfCurrencies = new Map<string, number>();

/** Decimal places between a currency's main and minor unit: 2 for USD, 0 for JPY, 3 for KWD. */
function minorDigits(currency: string): number {
  const known = digitsOfCurrencies.get(currency);
  if (known !== undefined) return known;
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 0;
  digitsOfCurrencies.set(currency, digits);
  return digits;
}

/** Minor units from a decimal such as "19.99", or undefined when it is none or finer than the minor unit. */
export function parseAmount(text: string, currency: string): number | undefined {
  const match = /^(\d{1,16})(?:\.(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, whole, fraction = ""] = match;
  const digits = minorDigits(currency);
  if (/[1-9]/.test(fraction.slice(digits))) return undefined;
  const minor = Number(whole + fraction.slice(0, digits).padEnd(digits, "0"));
  return Number.isSafeInteger(minor) ? minor : undefined;
}

/** The decimal of an amount in minor units, as {@link parseAmount} reads it. */
export function amountText(minor: number, currency: string): string {
  const digits = minorDigits(currency);
  const text = String(minor).padStart(digits + 1, "0");
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** Low enough that the fullest cart and order, 100 lines of 999 each, stay far within the whole numbers of JSON. */
export const priceMinorMax = 10_000_000_000;

/** The same of a price. */
export function parsePrice(text: string, currency: string): number | undefined {
  const minor = parseAmount(text, currency);
  return minor === undefined || minor > priceMinorMax ? undefined : minor;
}

export const skuCharactersMax = 128;
/** Levels of the tree of categories. */
export const categoryDepthMax = 8;
export const variantsPerProductMax = 250;
/** Options, such as size and colour, by which a product's variants differ. */
export const optionsPerVariantMax = 3;
/** Equal to what a SKU's inventory object takes at once. */
export const firstCountMax = 1_000_000;

/** The same SKU every time for a variant that came without one, from its product's handle and its options' values. */
export function generatedSku(handle: string, values: readonly string[]): string {
  const sku = handleFrom([handle, ...values].join(" ")).toUpperCase();
  const faithful = values.every((value) => handleFrom(value).length === value.length);
  if (faithful && sku.length <= skuCharactersMax) return sku;
  return `${sku.slice(0, skuCharactersMax - 9)}-${checksum([handle, ...values].join("\n"))}`;
}

/** FNV-1a, 32 bits in hexadecimal: tells apart what looks alike once it is made a SKU. */
function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0").toUpperCase();
}

/** A web address or a path in the shop; anything else shows no image. */
export function imageUrlOf(text: string | undefined): string | null {
  return text !== undefined && text.length <= 2_048 && /^(?:https?:\/\/|\/)[^\s\p{Cc}]+$/u.test(text)
    ? text
    : null;
}
