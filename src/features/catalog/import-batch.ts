import { sql } from "drizzle-orm";
import { z } from "zod";
import { AppError } from "#core/errors";
import { newId } from "#core/ids";
import type { Context } from "#platform/context";
import { databaseErrorOf, lostRace, transact } from "#platform/database";
import type { ProductDocument } from "./document.ts";
import { type NewDefinition, insertDefinitions } from "./attribute-store.ts";
import { type BatchDefinitions, holdAgainst, readBatchDefinitions } from "./import-attributes.ts";
import type { CategoryStep, ImportedProduct } from "./import-mapping.ts";
import { type Merged, mergeProduct } from "./import-merge.ts";
import type { ImportCounts, Refusal } from "./import-report.ts";
import { type ImportRun, countRefusals, saveProgress } from "./import-run.ts";
import type { ProductWrite } from "./product-record.ts";
import { type NewCategory, insertCategories, writeProductsStatements } from "./product-writes.ts";
import { anyOf, documentsOf, selectDocuments } from "./store.ts";

/** Products, and variants, written in one transaction. */
export const batchLimits = { productsMax: 100, variantsMax: 1_000 } as const;

/** Times that a batch is decided anew because somebody else wrote the same products meanwhile. */
const attemptsMax = 3;
/** A unique key was taken, or a parent category was made by somebody else, between reading and writing. */
const overtakenCodes = new Set(["23505", "23503"]);

/** Writes what has changed, all or none of it, and returns what was refused. */
export async function importBatch(
  context: Context,
  run: ImportRun,
  products: readonly ImportedProduct[],
): Promise<readonly Refusal[]> {
  for (let attempt = 1; ; attempt++) {
    const known = await readKnown(context, products);
    const merged = mergeAll(context, products, known);
    const refused = merged.flatMap((each) => each.refused);
    const counts = addCounts(run.counts, merged);
    try {
      const newCategories = newCategoriesOf(context, products, known);
      const newDefinitions = known.definitions.brought;
      await write(context, { merged, newCategories, newDefinitions, run, counts });
      run.counts = counts;
      countRefusals(run, refused);
      return refused;
    } catch (error) {
      const overtaken = lostRace(error) || overtakenCodes.has(databaseErrorOf(error)?.code ?? "");
      if (!overtaken) throw error;
      if (attempt === attemptsMax)
        throw new AppError("conflict", {
          detail: "Somebody else keeps changing the same products. Import the file again.",
          cause: error,
        });
    }
  }
}

/** What the catalogue holds of the imported products. */
type Known = {
  readonly byHandle: ReadonlyMap<string, ProductDocument>;
  readonly ownersOfSkus: ReadonlyMap<string, string>;
  readonly countedSkus: ReadonlySet<string>;
  readonly categoryIds: ReadonlyMap<string, string>;
  readonly definitions: BatchDefinitions;
};

const SkuRow = z.object({ sku: z.string(), product_id: z.string() });
const LevelRow = z.object({ sku: z.string() });
const CategoryRow = z.object({ handle: z.string(), id: z.string() });

async function readKnown(context: Context, products: readonly ImportedProduct[]): Promise<Known> {
  const { primary } = context.databases;
  const skus = products.flatMap(({ variants }) => variants.map(({ sku }) => sku));
  const categoryHandles = stepsOf(products).map(({ handle }) => handle);
  const [documents, owners, levels, categories] = await transact(primary, [
    selectDocuments(primary, sql`p.handle = ${anyOf(products.map(({ handle }) => handle))}`),
    primary.execute(sql`select sku, product_id from variants where sku = ${anyOf(skus)}`),
    primary.execute(sql`select sku from stock_levels where sku = ${anyOf(skus)}`),
    primary.execute(sql`
      select handle, coalesce(merged_into, id) as id from categories where handle = ${anyOf(categoryHandles)}`),
  ]);
  const definitions = await readBatchDefinitions(context, products);
  const ownerRows = owners.rows.map((row) => SkuRow.parse(row));
  const categoryRows = categories.rows.map((row) => CategoryRow.parse(row));
  return {
    byHandle: new Map(documentsOf(documents).map((document) => [document.handle, document])),
    ownersOfSkus: new Map(ownerRows.map((row) => [row.sku, row.product_id])),
    countedSkus: new Set(levels.rows.map((row) => LevelRow.parse(row).sku)),
    definitions,
    categoryIds: new Map(categoryRows.map((row) => [row.handle, row.id])),
  };
}

function mergeAll(context: Context, products: readonly ImportedProduct[], known: Known): Merged[] {
  const ownersOfSkus = new Map(known.ownersOfSkus);
  return products.map((product) => {
    const merged = mergeProduct(product, {
      existing: known.byHandle.get(product.handle),
      ownersOfSkus,
      countedSkus: known.countedSkus,
      newProductId: () => newId("product", context.now()),
      newVariantId: () => newId("variant", context.now()),
    });
    const held = holdAgainst(known.definitions, product, merged);
    if ("write" in held) {
      const { record } = held.write;
      for (const { sku } of record.variants) ownersOfSkus.set(sku, record.id);
    }
    return held;
  });
}

function stepsOf(products: readonly ImportedProduct[]): CategoryStep[] {
  const steps = new Map<string, CategoryStep>();
  for (const step of products.flatMap(({ categories }) => categories ?? []))
    if (steps.get(step.handle)?.details === undefined) steps.set(step.handle, step);
  return [...steps.values()];
}

/** Paths come topmost first, so that a parent has its id before its children ask for it. */
function newCategoriesOf(
  context: Context,
  products: readonly ImportedProduct[],
  known: Known,
): NewCategory[] {
  const ids = new Map(known.categoryIds);
  return stepsOf(products)
    .filter(({ handle }) => !known.categoryIds.has(handle))
    .map(({ handle, title, parentHandle, details }) => {
      const id = newId("category", context.now());
      ids.set(handle, id);
      const parentId = parentHandle === null ? null : (ids.get(parentHandle) ?? null);
      return { ...details, id, handle, title, parent_id: parentId };
    });
}

function addCounts(before: ImportCounts, merged: readonly Merged[]): ImportCounts {
  const count = (kind: Merged["kind"]) => merged.filter((each) => each.kind === kind).length;
  const writes = writesOf(merged);
  return {
    ...before,
    created: before.created + count("created"),
    updated: before.updated + count("updated"),
    unchanged: before.unchanged + count("unchanged"),
    stock_counts: before.stock_counts + writes.reduce((sum, { firstCounts }) => sum + firstCounts.length, 0),
  };
}

function writesOf(merged: readonly Merged[]): ProductWrite[] {
  return merged.flatMap((each) => ("write" in each ? [each.write] : []));
}

type Batch = {
  readonly merged: readonly Merged[];
  readonly newCategories: readonly NewCategory[];
  readonly newDefinitions: readonly NewDefinition[];
  readonly run: ImportRun;
  readonly counts: ImportCounts;
};

async function write(context: Context, batch: Batch): Promise<void> {
  const { newCategories, newDefinitions, run, counts } = batch;
  const writes = writesOf(batch.merged);
  const progress = saveProgress(context, run, counts);
  if (writes.length === 0) await progress;
  else
    await transact(context.databases.primary, [
      insertCategories(context, newCategories),
      insertDefinitions(context, newDefinitions),
      ...writeProductsStatements(context, writes, context.now()),
      progress,
    ]);
}
