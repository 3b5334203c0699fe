import { sql } from "drizzle-orm";
import { createCoalescer } from "#platform/coalesce";
import type { Context } from "#platform/context";
import { orOld } from "#platform/or-old";
import { errorFields } from "#platform/log";
import { readNearby } from "#platform/nearby-reads";
import { readyAnswersOf } from "#platform/ready-answers";
import {
  type CacheEntry,
  type CachedCopy,
  absenceOf,
  isAbsence,
  readCopies,
  versionText,
  writeCopies,
} from "#platform/versioned-cache";
import { ProductDocument } from "./document.ts";
import { pointerEntries } from "./product-ids.ts";
import { productMemory, unknownIds } from "./product-memory.ts";
import type { ProductNews } from "./sellable-memory.ts";
import { sellables, sellableVariantsOf } from "./sellables.ts";
import { anyOf, byId, documentsOf, selectDocuments } from "./store.ts";

const coalesced = createCoalescer<ProductDocument>();

/**
 * Products by id, whatever their status: from this isolate's memory, else Redis, else a replica. A change shows at
 * once where its event was handled, elsewhere within two seconds; to a reader with a Consistency-Token, who is not served
 * from copies, at once.
 */
export async function readProducts(
  context: Context,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ProductDocument>> {
  if (context.mustSee !== undefined) return byId(await readDocuments(context, [...new Set(ids)]));
  const now = context.now();
  const found = new Map<string, ProductDocument>();
  const missing: string[] = [];
  for (const id of new Set(ids)) {
    const known = productMemory.get(id, now);
    if (known !== undefined) found.set(id, known);
    else if (!unknownIds.get(id, now)) missing.push(id);
  }
  if (missing.length === 0) return found;
  const loaded = await orOld(context, missing, {
    memory: productMemory,
    load: () => coalesced(context, missing, (keys) => loadProducts(context, keys)),
  });
  for (const id of missing) {
    const product = loaded.get(id);
    if (product === undefined) unknownIds.set(id, true, now);
    else found.set(id, product);
  }
  return found;
}

async function loadProducts(
  context: Context,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ProductDocument>> {
  const copies = await readCopies(context, ids.map(productKey));
  const found = new Map<string, ProductDocument>();
  const missing: string[] = [];
  for (const [index, id] of ids.entries()) {
    const copy = copies[index];
    if (copy === undefined) missing.push(id);
    else if (!isAbsence(copy)) found.set(id, productOf(copy, productMemory.getOld(id, context.now())));
  }
  if (missing.length > 0) {
    const read = byId(await readDocuments(context, missing));
    for (const product of read.values()) found.set(product.id, product);
    const absent = missing.filter((id) => !read.has(id)).map((id) => absenceOf(productKey(id)));
    fillCache(context, [...[...read.values()].map(cacheEntry), ...absent]);
  }
  for (const product of found.values()) remember(context, product);
  return found;
}

async function readDocuments(context: Context, ids: readonly string[]): Promise<ProductDocument[]> {
  if (ids.length === 0) return [];
  const chosen = sql`p.id = ${anyOf(ids)}`;
  return documentsOf(await readNearby(context, (database) => selectDocuments(database, chosen)));
}

/** Puts products into this isolate's memory and, after the response, into Redis. */
export function keepInCache(context: Context, read: readonly ProductDocument[]): void {
  for (const product of read) remember(context, product);
  fillCache(context, read.map(cacheEntry));
}

function fillCache(context: Context, entries: readonly CacheEntry[]): void {
  const filling = writeCopies(context, entries).catch((error: unknown) =>
    context.log("warn", "products were not cached", errorFields(error)),
  );
  context.afterResponse(filling);
}

/**
 * Makes the given truth the one that everybody reads; then it is to be announced.
 * @returns its size, and the news.
 * @throws when Redis is away, since an older copy may be in it.
 */
export async function publishToCache(
  context: Context,
  current: readonly ProductDocument[],
): Promise<{ bytes: number; news: readonly ProductNews[] }> {
  for (const product of current) remember(context, product);
  const paths = current.flatMap(({ id, handle }) =>
    [id, handle].map((name) => `/products/${encodeURI(name)}`),
  );
  readyAnswersOf(context.bindings).forget(new Set(paths));
  const entries = current.map(cacheEntry);
  await writeCopies(context, [...entries, ...pointerEntries(context, current)]);
  return {
    bytes: entries.reduce((sum, { text }) => sum + text.length, 0),
    news: current.map((product) => ({ productId: product.id, version: documentVersion(product) })),
  };
}

function remember(context: Context, product: ProductDocument): void {
  const now = context.now();
  const version = documentVersion(product);
  sellables.keep({ productId: product.id, version, variants: sellableVariantsOf(product) }, now);
  const known = productMemory.get(product.id, now);
  if (known !== undefined && documentVersion(known) > version) return;
  productMemory.set(product.id, product, now);
  unknownIds.delete(product.id);
}

/** Sorts as the product, then its stock, changes. */
export function documentVersion(product: ProductDocument): string {
  return versionText(product.version, product.stockVersion);
}

/** The number grows when the cached shape changes, so that releases never read each other's copies. */
function productKey(id: string): string {
  return `catalog:2:product:${id}`;
}

function cacheEntry(product: ProductDocument): CacheEntry {
  return { key: productKey(product.id), version: documentVersion(product), text: JSON.stringify(product) };
}

/** The product that this isolate had, if the copy is of its version: then nothing has to be parsed. */
function productOf(copy: CachedCopy, known: ProductDocument | undefined): ProductDocument {
  return known !== undefined && documentVersion(known) === copy.version
    ? known
    : ProductDocument.parse(JSON.parse(copy.text));
}
