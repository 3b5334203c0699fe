import { sql } from "drizzle-orm";
import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { lostRace, transact } from "#platform/database";
import { recordAnswer } from "#platform/idempotency";
import { changedRecord } from "./bulk-changes.ts";
import type { BulkOutcome, BulkReport, BulkRequest } from "./bulk-schema.ts";
import type { ProductDocument } from "./document.ts";
import { type ProductWrite, recordOf, sameContent } from "./product-record.ts";
import { categoriesOf, selectCategories } from "./product-surroundings.ts";
import { writeProductsStatements } from "./product-writes.ts";
import { anyOf, byId, documentsOf, selectDocuments } from "./store.ts";

/** Times that everything is decided anew because somebody else wrote one of the products meanwhile. */
const attemptsMax = 3;

/**
 * Makes one change to many products in one transaction, and tells of each what became of it: a product that is gone or
 * was changed by somebody else stops no other.
 * @throws AppError invalid_request when a category does not exist, conflict when others keep changing the products.
 */
export async function bulkChangeProducts(context: Context, request: BulkRequest): Promise<BulkReport> {
  for (let attempt = 1; ; attempt++) {
    const { report, writes } = await decide(context, request);
    if (writes.length === 0) return report;
    try {
      await transact(context.databases.primary, [
        ...writeProductsStatements(context, writes, context.now()),
        ...recordAnswer(context, report),
      ]);
      context.wakeOutbox();
      return report;
    } catch (error) {
      if (!lostRace(error)) throw error;
      if (attempt === attemptsMax)
        throw new AppError("conflict", {
          detail: "Somebody else keeps changing the same products. Repeat the request.",
          cause: error,
        });
    }
  }
}

type Decided = { readonly outcome: BulkOutcome; readonly write?: ProductWrite };

async function decide(
  context: Context,
  { products, change }: BulkRequest,
): Promise<{ report: BulkReport; writes: ProductWrite[] }> {
  const { primary } = context.databases;
  const added = change.action === "add_categories" ? change.categories : [];
  const [found, categoryRows] = await transact(primary, [
    selectDocuments(primary, sql`p.id = ${anyOf(products.map(({ id }) => id))}`),
    selectCategories(context, added),
  ]);
  const categories = categoriesOf(categoryRows, added).map(({ handle }) => handle);
  const present = byId(documentsOf(found));
  const decided = products.map((asked): Decided => {
    const product = present.get(asked.id);
    if (product === undefined) return refused(asked.id, "not_found", "No product has this id.");
    if (asked.version !== undefined && asked.version !== product.version)
      return refused(asked.id, "version_mismatch", `The product is at version ${product.version}.`);
    return decideOne(product, changedRecord(product, change, categories));
  });
  const data = decided.map(({ outcome }) => outcome);
  const count = (wanted: BulkOutcome["outcome"]) => data.filter(({ outcome }) => outcome === wanted).length;
  return {
    report: {
      changed: count("changed"),
      unchanged: count("unchanged"),
      refused: count("refused"),
      data,
    },
    writes: decided.flatMap(({ write }) => write ?? []),
  };
}

function decideOne(product: ProductDocument, changed: ReturnType<typeof changedRecord>): Decided {
  const { id, version } = product;
  if (!changed.ok) return refused(id, "invalid_request", changed.detail);
  if (sameContent(recordOf(product), changed.record))
    return { outcome: { id, outcome: "unchanged", version } };
  return {
    outcome: { id, outcome: "changed", version: version + 1 },
    write: { record: changed.record, expectedVersion: version, firstCounts: [] },
  };
}

function refused(
  id: string,
  code: "not_found" | "version_mismatch" | "invalid_request",
  detail: string,
): Decided {
  return { outcome: { id, outcome: "refused", code, detail } };
}
