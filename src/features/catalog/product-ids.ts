import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { dayMs } from "#core/time";
import { createCoalescer } from "#platform/coalesce";
import type { Context } from "#platform/context";
import { createIsolateMemory } from "#platform/isolate-memory";
import { errorFields } from "#platform/log";
import { readNearby } from "#platform/nearby-reads";
import {
  type CacheEntry,
  absenceOf,
  isAbsence,
  readCopies,
  versionText,
  writeCopies,
} from "#platform/versioned-cache";
import { anyOf } from "./store.ts";

/** Something that leads to a product: in which column it is found and under which name it is cached. */
type Pointer = {
  name: string;
  select: (keys: readonly string[]) => SQL;
};

const byVariant: Pointer = {
  name: "variant",
  select: (ids) => sql`select id as key, product_id as id from variants where id = ${anyOf(ids)}`,
};

const byHandle: Pointer = {
  name: "handle",
  select: (handles) => sql`select handle as key, id from products where handle = ${anyOf(handles)}`,
};

const memory = createIsolateMemory<string>({ entriesMax: 10_000, lifeMs: dayMs });
const unknown = createIsolateMemory<true>({ entriesMax: 1_000, lifeMs: 2_000 });
const coalesced = createCoalescer<string>();

/** The products of variants; a variant never moves to another product, so this knowledge does not age. */
export function productIdsByVariant(
  context: Context,
  variantIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  return productIdsBy(byVariant, context, variantIds);
}

/** The product that had this handle when last seen: compare with the product's own handle before believing it. */
export async function productIdByHandle(context: Context, handle: string): Promise<string | undefined> {
  return (await productIdsBy(byHandle, context, [handle])).get(handle);
}

/** Tells this isolate where a handle leads, so that a new product is found here at once. */
export function rememberHandle(context: Context, handle: string, productId: string): void {
  memory.set(memoryKey(byHandle, handle), productId, context.now());
  unknown.delete(memoryKey(byHandle, handle));
}

/** What leads to these products, for Redis: also for those who looked for one before it was there. */
export function pointerEntries(context: Context, products: readonly PointedAt[]): CacheEntry[] {
  return products.flatMap(({ id, handle, variants }) => [
    pointerEntry(context, byHandle, { key: handle, id }),
    ...variants.map((variant) => pointerEntry(context, byVariant, { key: variant.id, id })),
  ]);
}

type PointedAt = {
  readonly id: string;
  readonly handle: string;
  readonly variants: readonly { readonly id: string }[];
};

async function productIdsBy(
  pointer: Pointer,
  context: Context,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (context.mustSee !== undefined)
    return new Map((await readPointers(pointer, context, keys)).map(({ key, id }) => [key, id]));
  const now = context.now();
  const found = new Map<string, string>();
  const missing: string[] = [];
  for (const key of keys) {
    const known = memory.get(memoryKey(pointer, key), now);
    if (known !== undefined) found.set(key, known);
    else if (!unknown.get(memoryKey(pointer, key), now)) missing.push(key);
  }
  if (missing.length === 0) return found;
  const memoryKeys = missing.map((key) => memoryKey(pointer, key));
  const loaded = await coalesced(context, memoryKeys, (wanted) => load(pointer, context, wanted));
  for (const key of missing) {
    const productId = loaded.get(memoryKey(pointer, key));
    if (productId === undefined) unknown.set(memoryKey(pointer, key), true, now);
    else {
      found.set(key, productId);
      memory.set(memoryKey(pointer, key), productId, now);
    }
  }
  return found;
}

const PointerRow = z.object({ key: z.string(), id: z.string() });
type PointerRow = z.infer<typeof PointerRow>;

async function load(
  pointer: Pointer,
  context: Context,
  memoryKeys: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const keys = memoryKeys.map((key) => key.slice(pointer.name.length + 1));
  const found = new Map<string, string>();
  const copies = await readCopies(
    context,
    keys.map((key) => cacheKey(pointer, key)),
  );
  const missing: string[] = [];
  for (const [index, key] of keys.entries()) {
    const copy = copies[index];
    if (copy === undefined) missing.push(key);
    else if (!isAbsence(copy)) found.set(memoryKey(pointer, key), copy.text);
  }
  if (missing.length === 0) return found;
  for (const { key, id } of await readPointers(pointer, context, missing))
    found.set(memoryKey(pointer, key), id);
  const entries = missing.map((key) => {
    const id = found.get(memoryKey(pointer, key));
    return id === undefined ? absenceOf(cacheKey(pointer, key)) : pointerEntry(context, pointer, { key, id });
  });
  context.afterResponse(
    writeCopies(context, entries).catch((error: unknown) =>
      context.log("warn", "pointers to products were not cached", errorFields(error)),
    ),
  );
  return found;
}

function pointerEntry(context: Context, pointer: Pointer, { key, id }: PointerRow): CacheEntry {
  return { key: cacheKey(pointer, key), version: versionText(context.now()), text: id };
}

async function readPointers(
  pointer: Pointer,
  context: Context,
  keys: readonly string[],
): Promise<PointerRow[]> {
  const { rows } = await readNearby(context, (database) => database.execute(pointer.select(keys)));
  return rows.map((row) => PointerRow.parse(row));
}

function memoryKey(pointer: Pointer, key: string): string {
  return `${pointer.name}:${key}`;
}

function cacheKey(pointer: Pointer, key: string): string {
  return `catalog:1:${pointer.name}:${key}`;
}
