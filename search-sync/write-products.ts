import { productIndex } from "#features/search/document";
import type { ProductDocument } from "#features/catalog/document";
import { readProductDocuments } from "#features/catalog/read-product-document";
import type { Context } from "#platform/context";
import { trueStampsOf } from "./drift-facts.ts";
import type { WritePlace } from "./rebuild-state.ts";
import { stampedDocumentOf } from "./stamp.ts";
import { noteStockPictures } from "./stock-notes.ts";
import { watchTask } from "./tasks.ts";

/** Rounds of writing and looking again; whoever still changes then is written when its own event comes. */
const roundsMax = 5;

/** The products on sale, and where they are to be written. */
type Truth = { readonly place: WritePlace; readonly products: ReadonlyMap<string, ProductDocument> };

type WriteRequest = {
  readonly productIds: readonly string[];
  /** What was read of them, after the changes that are to be written. */
  readonly known: Truth;
  /** Asked in each further round before the truth is read again. */
  readonly readPlace: () => Promise<WritePlace>;
};

export type WriteOutcome = { readonly lastTask: number | undefined; readonly bytes: number };

/**
 * Writes what the primary says of the products now; those not on sale are deleted. It then looks again and repeats what
 * has changed meanwhile: Meilisearch has no conditional write, so of two writers that overlap the one with the older
 * truth may come last. As each looks after its write, that one finds out and repairs it; after a crash in between, its
 * event comes again.
 * @throws when products keep changing, so that the event is delivered again later.
 */
export async function writeProducts(context: Context, request: WriteRequest): Promise<WriteOutcome> {
  let pending = request.productIds;
  let { known } = request;
  let lastTask: number | undefined;
  let bytes = 0;
  for (let round = 1; pending.length > 0; round++) {
    if (round > roundsMax)
      throw new Error(`${pending.length} products kept changing while they were indexed`);
    if (round > 1) {
      const place = await request.readPlace();
      known = { place, products: await readProductDocuments(context, pending) };
    }
    const written = await enqueueWrites(context, pending, known);
    lastTask = written.lastTask ?? lastTask;
    bytes += written.bytes;
    const stamps = await trueStampsOf(context, pending);
    // A count that moves without another status is not worth another write, and no part of the stamp.
    pending = pending.filter((id) => written.stamps.get(id) !== stamps.get(id));
  }
  return { lastTask, bytes };
}

type Written = WriteOutcome & { readonly stamps: ReadonlyMap<string, string> };

async function enqueueWrites(
  context: Context,
  productIds: readonly string[],
  { place, products }: Truth,
): Promise<Written> {
  const onSale = [...products.values()];
  const documents = await Promise.all(onSale.map(stampedDocumentOf));
  const text = JSON.stringify(documents);
  const gone = productIds.filter((id) => !products.has(id));
  const searched: number[] = [];
  let lastTask: number | undefined;
  for (const uid of place.indexes) {
    const index = context.search.index(uid);
    const tasks = [
      ...(documents.length === 0
        ? []
        : [await index.addDocumentsFromString(text, "application/json", { primaryKey: "id" })]),
      ...(gone.length === 0 ? [] : [await index.deleteDocuments(gone)]),
    ].map(({ taskUid }) => taskUid);
    lastTask = tasks.at(-1) ?? lastTask;
    if (uid === productIndex) searched.push(...tasks);
  }
  await Promise.all([
    ...searched.map((task) => watchTask(context, task, productIds)),
    noteStockPictures(context, place.generation, onSale),
  ]);
  const stamps = new Map(documents.map(({ id, stamp }) => [id, stamp]));
  return { lastTask, bytes: text.length, stamps };
}
