import type { Context } from "#platform/context";
import { readAdminProduct, refuseStale, replaceProduct } from "./admin-product.ts";
import { recordOf } from "./product-record.ts";

/**
 * Takes a product off sale for good; its row stays for the orders that name it.
 * @throws AppError not_found, version_mismatch.
 */
export async function archiveProduct(context: Context, id: string, expectedVersion: number): Promise<void> {
  const before = await readAdminProduct(context, id);
  refuseStale(before, expectedVersion);
  await replaceProduct(context, before, {
    record: { ...recordOf(before), status: "archived" },
    expectedVersion: before.version,
    firstCounts: [],
  });
}
