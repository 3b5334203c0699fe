import { sql } from "drizzle-orm";
import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { keepInCache, readProducts } from "./cached-products.ts";
import type { ProductDocument } from "./document.ts";
import { productIdByHandle } from "./product-ids.ts";
import { documentsOf, selectDocuments } from "./store.ts";

/**
 * An active product, by id or handle.
 * @throws AppError not_found.
 */
export async function readProduct(context: Context, idOrHandle: string): Promise<ProductDocument> {
  const product = idOrHandle.startsWith("prd_")
    ? (await readProducts(context, [idOrHandle])).get(idOrHandle)
    : await readByHandle(context, idOrHandle);
  if (product === undefined || product.status !== "active")
    throw new AppError("not_found", { detail: "No product on sale has this id or handle." });
  return product;
}

async function readByHandle(context: Context, handle: string): Promise<ProductDocument | undefined> {
  const id = await productIdByHandle(context, handle);
  if (id === undefined) return undefined;
  const product = (await readProducts(context, [id])).get(id);
  if (product?.handle === handle) return product;
  // The product that had this handle has another by now; perhaps somebody else has taken it over.
  const [heir] = documentsOf(await selectDocuments(context.databases.primary, sql`p.handle = ${handle}`));
  if (heir !== undefined) keepInCache(context, [heir]);
  return heir;
}
