import { sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import type { ProductDocument } from "./document.ts";
import { anyOf, documentsOf, selectDocuments } from "./store.ts";

/** The products as the primary knows them now; those not on sale are absent. */
export async function readProductDocuments(
  context: Context,
  productIds: readonly string[],
): Promise<ReadonlyMap<string, ProductDocument>> {
  const found = await selectDocuments(
    context.databases.primary,
    sql`p.id = ${anyOf(productIds)} and p.status = 'active'`,
  );
  return new Map(documentsOf(found).map((product) => [product.id, product]));
}

/** Active products in id order, `productsMax` at a time, for whoever walks through the whole catalogue. */
export async function readProductDocumentsAfter(
  context: Context,
  productId: string,
  productsMax: number,
): Promise<readonly ProductDocument[]> {
  const found = await selectDocuments(
    context.databases.primary,
    sql`p.status = 'active' and p.id > ${productId} order by p.id limit ${productsMax}`,
  );
  return documentsOf(found);
}
