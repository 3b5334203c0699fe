import { productIndex } from "#features/search/document";
import type { ProductDocument } from "#features/catalog/document";
import { readProductDocuments } from "#features/catalog/read-product-document";
import type { Context } from "#platform/context";
import { stockPicture } from "./documents.ts";
import type { WritePlace } from "./rebuild-state.ts";
import { stampedDocumentOf } from "./stamp.ts";
import { noteStockPictures } from "./stock-notes.ts";
import { watchTask } from "./tasks.ts";

/** Rounds of writing and looking again; whoever still changes then is written when its own event comes. */
const roundsMax = 5;

type Truth = ReadonlyMap<string, ProductDocument>;
type WriteRequest = {
  readonly productIds: readonly string[];
  /** Asked in each round before the truth is read. */
  readonly readPlace: () => Promise<WritePlace>;
};

/**
 * Writes what the primary says of the products now; those not on sale are deleted. It then looks again and repeats what
 * has changed meanwhile: Meilisearch has no conditional write, so of two writers that overlap the one with the older
 * truth may come last. As each looks after its write, that one finds out and repairs it; after a crash in between, its
 * event comes again.
 * @returns the number of the last task.
 * @throws when products keep changing, so that the event is delivered again later.
 */
export async function writeProducts(context: Context, request: WriteRequest): Promise<number | undefined> {
  let pending = request.productIds;
  let lastTask: number | undefined;
  for (let round = 1; round <= roundsMax && pending.length > 0; round++) {
    const place = await request.readPlace();
    const truth = await readProductDocuments(context, pending);
    lastTask = await enqueueWrites(context, place, { productIds: pending, truth });
    const truthNow = await readProductDocuments(context, pending);
    pending = pending.filter((id) => picture(truth.get(id)) !== picture(truthNow.get(id)));
  }
  if (pending.length > 0) throw new Error(`${pending.length} products kept changing while they were indexed`);
  return lastTask;
}

async function enqueueWrites(
  context: Context,
  place: WritePlace,
  { productIds, truth }: { productIds: readonly string[]; truth: Truth },
): Promise<number | undefined> {
  const products = [...truth.values()];
  const documents = await Promise.all(products.map(stampedDocumentOf));
  const gone = productIds.filter((id) => !truth.has(id));
  let lastTask: number | undefined;
  for (const uid of place.indexes) {
    const index = context.search.index(uid);
    const tasks = [
      ...(documents.length === 0 ? [] : [await index.addDocuments(documents, { primaryKey: "id" })]),
      ...(gone.length === 0 ? [] : [await index.deleteDocuments(gone)]),
    ];
    lastTask = tasks.at(-1)?.taskUid ?? lastTask;
    if (uid === productIndex) for (const { taskUid } of tasks) await watchTask(context, taskUid, productIds);
  }
  await noteStockPictures(context, place.generation, products);
  return lastTask;
}

/** What the index shows of a product: a count that moves without another status is not worth another write. */
function picture(product: ProductDocument | undefined): string | undefined {
  if (product === undefined) return undefined;
  return `${product.version} ${product.ratingAverage} ${product.ratingCount}\n${stockPicture(product)}`;
}
