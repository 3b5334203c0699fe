import type { BulkChange } from "./bulk-schema.ts";
import type { ProductDocument } from "./document.ts";
import { type ProductRecord, type VariantRecord, recordOf } from "./product-record.ts";
import { priceMinorMax } from "./rules.ts";
import { productLimits } from "./schema.ts";

type Changed = { ok: true; record: ProductRecord } | { ok: false; detail: string };

/** What a change makes of a product. Categories that are added come with their ancestors. */
export function changedRecord(
  product: ProductDocument,
  change: BulkChange,
  addedCategories: readonly string[],
): Changed {
  const record = recordOf(product);
  switch (change.action) {
    case "set_status":
      return { ok: true, record: { ...record, status: change.status } };
    case "set_price": {
      const { price, compare_at_price: compareAtPrice } = change;
      return withVariants(record, (variant) => ({
        ...variant,
        price,
        compareAtPrice: compareAtPrice === undefined ? variant.compareAtPrice : compareAtPrice,
      }));
    }
    case "change_price":
      return withVariants(record, (variant) => repriced(variant, change));
    case "add_tags":
      return withTags(record, [...new Set([...record.tags, ...change.tags])]);
    case "remove_tags":
      return withTags(
        record,
        record.tags.filter((tag) => !change.tags.includes(tag)),
      );
    case "add_categories":
      return withCategories(record, [...new Set([...record.categoryHandles, ...addedCategories])]);
    case "remove_categories":
      return withCategories(record, categoriesWithout(product, change.categories));
  }
}

function withVariants(record: ProductRecord, change: (variant: VariantRecord) => VariantRecord): Changed {
  const variants = record.variants.map(change);
  const tooDear = variants.find(({ price }) => price > priceMinorMax);
  if (tooDear !== undefined) return { ok: false, detail: `The price of ${tooDear.sku} would be too high.` };
  return { ok: true, record: { ...record, variants } };
}

/** Whole numbers throughout: hundredths of a percent of an amount that is a bigint meanwhile. */
function repriced(
  variant: VariantRecord,
  { percent, keep_former_price: keepFormer }: Extract<BulkChange, { action: "change_price" }>,
): VariantRecord {
  const hundredths = BigInt(10_000 + Math.round(percent * 100));
  const price = Number((BigInt(variant.price) * hundredths + 5_000n) / 10_000n);
  return { ...variant, price, compareAtPrice: keepFormer ? variant.price : variant.compareAtPrice };
}

function withTags(record: ProductRecord, tags: readonly string[]): Changed {
  if (tags.length > productLimits.tagsMax)
    return { ok: false, detail: `A product has ${productLimits.tagsMax} tags at most.` };
  return { ok: true, record: { ...record, tags } };
}

function withCategories(record: ProductRecord, categoryHandles: readonly string[]): Changed {
  return { ok: true, record: { ...record, categoryHandles } };
}

/** The product's categories without the named ones and all below them. */
function categoriesWithout({ categories }: ProductDocument, names: readonly string[]): string[] {
  const gone = new Set(
    categories.filter(({ id, handle }) => names.includes(id) || names.includes(handle)).map(({ id }) => id),
  );
  for (let before = -1; before < gone.size;) {
    before = gone.size;
    for (const { id, parentId } of categories) if (parentId !== null && gone.has(parentId)) gone.add(id);
  }
  return categories.filter(({ id }) => !gone.has(id)).map(({ handle }) => handle);
}
