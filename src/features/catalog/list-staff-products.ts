import { sql } from "drizzle-orm";
import { z } from "zod";
import { canonicalJson } from "#core/canonical-json";
import type { Page, PageRequest } from "#core/page";
import type { Context } from "#platform/context";
import { readPage } from "#platform/cursor";
import type { ProductDocument } from "./document.ts";
import { ListedRow, selectCategoryId } from "./listed-products.ts";
import { type StaffListedQuery, selectStaffListedIds } from "./products-of-staff.ts";
import type { StaffProductQuery } from "./staff-list-schema.ts";
import { anyOf, byId, documentsOf, selectDocuments } from "./store.ts";

/**
 * A page of products of any status, as the primary knows them, for the staff.
 * @throws AppError invalid_cursor.
 */
export async function listStaffProducts(
  context: Context,
  { category, ...query }: StaffProductQuery,
  request: PageRequest,
): Promise<Page<ProductDocument>> {
  const { primary } = context.databases;
  const wanted: StaffListedQuery = {
    ...query,
    ...(category === undefined ? {} : { categoryId: await findCategory(context, category) }),
  };
  const page = await readPage<ListedRow>(context.settings, request, {
    name: canonicalJson({ staffProducts: query, category: category ?? null }),
    positionOf: (row) => [row.sort_key, row.id],
    read: async (travel) => {
      const { rows } = await primary.execute(selectStaffListedIds(wanted, travel));
      return z.array(ListedRow).parse(rows);
    },
  });
  const products = await readDocuments(
    context,
    page.items.map(({ id }) => id),
  );
  return { ...page, items: page.items.flatMap(({ id }) => products.get(id) ?? []) };
}

/** No product is in a category that is not there. */
async function findCategory(context: Context, idOrHandle: string): Promise<string> {
  const { rows } = await context.databases.primary.execute(selectCategoryId(idOrHandle));
  const [row] = z.array(z.object({ id: z.string() })).parse(rows);
  return row?.id ?? "";
}

async function readDocuments(
  context: Context,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ProductDocument>> {
  if (ids.length === 0) return new Map();
  return byId(documentsOf(await selectDocuments(context.databases.primary, sql`p.id = ${anyOf(ids)}`)));
}
