import { sql } from "drizzle-orm";
import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { lostRace, transact, violatesUnique } from "#platform/database";
import { handleTaken } from "./create-product.ts";
import type { ProductDocument } from "./document.ts";
import { type ProductWrite, recordOf, sameContent } from "./product-record.ts";
import { writeProductsStatements } from "./product-writes.ts";
import { documentsOf, selectDocuments } from "./store.ts";

/**
 * The product as the primary knows it, whatever its status.
 * @throws AppError not_found.
 */
export async function readAdminProduct(context: Context, idOrHandle: string): Promise<ProductDocument> {
  const [product] = documentsOf(await selectProduct(context, idOrHandle));
  if (product === undefined) throw new AppError("not_found", { detail: "No product has this id or handle." });
  return product;
}

/** @throws AppError version_mismatch when the client has seen another version than the present one. */
export function refuseStale(product: ProductDocument, expectedVersion: number): void {
  if (product.version !== expectedVersion) throw staleVersion(product.version);
}

/**
 * Writes the successor of a product that was read, and returns it as it then stands; what changes nothing is not
 * written.
 * @throws AppError version_mismatch when somebody else was faster, handle_taken.
 */
export async function replaceProduct(
  context: Context,
  before: ProductDocument,
  write: ProductWrite,
): Promise<ProductDocument> {
  if (sameContent(recordOf(before), write.record)) return before;
  try {
    await transact(context.databases.primary, writeProductsStatements(context, [write], context.now()));
  } catch (error) {
    if (lostRace(error)) throw staleVersion();
    throw violatesUnique(error, "products_handle_key") ? handleTaken(write.record.handle) : error;
  }
  context.wakeOutbox();
  return readAdminProduct(context, before.id);
}

function selectProduct(context: Context, idOrHandle: string) {
  const column = idOrHandle.startsWith("prd_") ? sql`p.id` : sql`p.handle`;
  return selectDocuments(context.databases.primary, sql`${column} = ${idOrHandle}`);
}

function staleVersion(version?: number): AppError {
  const present = version === undefined ? "" : ` It is at "v${version}".`;
  return new AppError("version_mismatch", {
    detail: `Somebody changed the product since you read it.${present} Read it again and repeat.`,
  });
}
