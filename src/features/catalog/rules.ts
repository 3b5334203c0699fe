/** The title of the one variant of a product without choices, as Shopify names it. */
export const onlyVariantTitle = "Default Title";

/** How a cart or an order names a variant. */
export function sellableTitle(productTitle: string, variantTitle: string): string {
  return variantTitle === onlyVariantTitle ? productTitle : `${productTitle} – ${variantTitle}`;
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
