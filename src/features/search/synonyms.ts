import { AppError } from "#core/errors";
import { type Id, newId } from "#core/ids";
import type { Page, PageRequest } from "#core/page";
import { toTimestamp } from "#core/time";
import { insertEvents } from "#events/record";
import type { Context } from "#platform/context";
import { readPage } from "#platform/cursor";
import { lostRace, transact } from "#platform/database";
import { recordAnswer } from "#platform/idempotency";
import { type NewSynonym, type SynonymWire, synonymLimits } from "./synonym-schema.ts";
import {
  deleteSynonym,
  insertSynonym,
  selectAllSynonyms,
  selectSynonym,
  selectSynonyms,
  updateSynonym,
} from "./synonym-store.ts";

type GroupAtVersion = { readonly id: Id<"synonym">; readonly version: number };

export async function listSynonyms(
  context: Context,
  { word, page }: { word: string | undefined; page: PageRequest },
): Promise<Page<SynonymWire>> {
  return readPage<SynonymWire>(context.settings, page, {
    name: `search synonyms ${word ?? ""}`,
    positionOf: ({ id }) => [id],
    read: (travel) => selectSynonyms(context, travel, word),
  });
}

/** All groups as they are now, for whoever keeps the index. */
export async function readAllSynonyms(context: Context): Promise<readonly NewSynonym[]> {
  return selectAllSynonyms(context);
}

/** @throws AppError not_found. */
export async function readSynonym(context: Context, id: Id<"synonym">): Promise<SynonymWire> {
  const group = await selectSynonym(context, id);
  if (group === undefined) throw new AppError("not_found", { detail: "There is no synonym with this id." });
  return group;
}

/** @throws AppError synonyms_full. */
export async function createSynonym(context: Context, input: NewSynonym): Promise<SynonymWire> {
  const now = context.now();
  const group: SynonymWire = {
    ...input,
    id: newId("synonym", now),
    version: 1,
    updated_at: toTimestamp(now),
  };
  try {
    await commit(context, [insertSynonym(context, group), ...recordAnswer(context, group)]);
  } catch (error) {
    if (!lostRace(error)) throw error;
    throw new AppError("synonyms_full", {
      detail: `At most ${synonymLimits.groupsMax} groups are kept; delete one first.`,
    });
  }
  return group;
}

/** @throws AppError not_found, version_mismatch. */
export async function changeSynonym(
  context: Context,
  { id, version }: GroupAtVersion,
  change: NewSynonym,
): Promise<SynonymWire> {
  await requireVersion(context, { id, version });
  const group: SynonymWire = {
    ...change,
    id,
    version: version + 1,
    updated_at: toTimestamp(context.now()),
  };
  await commit(context, [updateSynonym(context, group, version)]).catch(refuseStale);
  return group;
}

/** @throws AppError not_found, version_mismatch. */
export async function removeSynonym(context: Context, address: GroupAtVersion): Promise<void> {
  await requireVersion(context, address);
  await commit(context, [deleteSynonym(context, address)]).catch(refuseStale);
}

type Statements = Parameters<typeof transact>[1];

/** Events of one subject come one at a time: one writer brings the index up to date. */
async function commit(
  context: Context,
  [first, ...others]: [Statements[0], ...Statements[0][]],
): Promise<void> {
  const changed = insertEvents(context, [
    { type: "search.synonyms_changed", subject: "search-synonyms", data: {} },
  ]);
  await transact(context.databases.primary, [first, ...others, changed]);
  context.wakeOutbox();
}

async function requireVersion(context: Context, { id, version }: GroupAtVersion): Promise<void> {
  const group = await readSynonym(context, id);
  if (group.version !== version) throw changedSince();
}

function refuseStale(error: unknown): never {
  if (!lostRace(error)) throw error;
  throw changedSince();
}

function changedSince(): AppError {
  return new AppError("version_mismatch", { detail: "Read the synonym again and send its ETag." });
}
