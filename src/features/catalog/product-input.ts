import { AppError, type FieldError } from "#core/errors";
import type { ProductOption } from "./document.ts";
import type { FirstCount, VariantRecord } from "./product-record.ts";
import { variantTitle } from "./rules.ts";
import type { NewVariant } from "./schema.ts";

type Variants = { readonly variants: readonly VariantRecord[]; readonly firstCounts: readonly FirstCount[] };

/** Makes variants of what a client sent: those with a known SKU keep their id, new ones may bring a first count. */
export function variantsFromInput(
  input: readonly NewVariant[],
  options: readonly ProductOption[],
  { idsBySku, newId }: { idsBySku: ReadonlyMap<string, string>; newId: () => string },
): Variants {
  const firstCounts: FirstCount[] = [];
  const variants = input.map((variant): VariantRecord => {
    const known = idsBySku.get(variant.sku);
    const id = known ?? newId();
    if (known === undefined && variant.initial_quantity !== undefined)
      firstCounts.push({ sku: variant.sku, quantity: variant.initial_quantity });
    return {
      id,
      title: variant.title ?? variantTitle(options.flatMap(({ name }) => variant.options[name] ?? [])),
      ...variantContent(variant),
    };
  });
  return { variants, firstCounts };
}

/** What a variant says of itself, from its names on the wire to ours. */
export function variantContent(variant: Omit<NewVariant, "title" | "initial_quantity">) {
  return {
    sku: variant.sku,
    options: variant.options,
    price: variant.price,
    compareAtPrice: variant.compare_at_price,
    imageUrl: variant.image_url,
    barcode: variant.barcode,
    weightGrams: variant.weight_grams,
    attributes: variant.attributes,
    metadata: variant.metadata,
  };
}

/**
 * Every variant chooses one listed value of every option, no two choose the same, and no SKU comes twice.
 * @throws AppError invalid_request.
 */
export function checkVariants(options: readonly ProductOption[], variants: readonly Choosing[]): void {
  const errors = variantErrors(options, variants);
  if (errors.length > 0)
    throw new AppError("invalid_request", {
      detail: "The variants do not fit the options; see errors.",
      errors,
    });
}

type Choosing = Pick<VariantRecord, "sku" | "options">;

/** In what the variants do not fit the options, or each other. */
export function variantErrors(
  options: readonly ProductOption[],
  variants: readonly Choosing[],
): FieldError[] {
  const errors: FieldError[] = [];
  const choices = new Set<string>();
  const skus = new Set<string>();
  for (const [index, variant] of variants.entries()) {
    const refuse = (member: string, code: string, detail: string) =>
      errors.push({ pointer: `/variants/${index}/${member}`, code, detail });
    const chosen = options.map(({ name, values }) => ({ name, values, value: variant.options[name] }));
    for (const { name, values, value } of chosen)
      if (value === undefined || !values.includes(value))
        refuse("options", "not_an_option", `Choose one of the product's values for ${name}.`);
    if (Object.keys(variant.options).length > options.length)
      refuse("options", "unknown_option", "Choose values for the product's options only.");
    const choice = JSON.stringify(chosen.map(({ value }) => value));
    if (choices.has(choice)) refuse("options", "duplicate", "An earlier variant has the same options.");
    if (skus.has(variant.sku)) refuse("sku", "duplicate", "An earlier variant has the same SKU.");
    choices.add(choice);
    skus.add(variant.sku);
  }
  const names = new Set(options.map(({ name }) => name));
  if (names.size < options.length)
    errors.push({ pointer: "/options", code: "duplicate", detail: "Two options have the same name." });
  return errors;
}
