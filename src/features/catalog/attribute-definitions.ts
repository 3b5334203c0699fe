import { AppError } from "#core/errors";
import type { Context } from "#platform/context";
import { lostRace, transact, violatesUnique } from "#platform/database";
import { readNearby } from "#platform/nearby-reads";
import { recordAnswer } from "#platform/idempotency";
import { attributeLimits } from "./attributes.ts";
import type {
  AttributeDefinitionPatch,
  AttributeDefinitionWire,
  NewAttributeDefinition,
} from "./attribute-schema.ts";
import {
  deleteDefinition,
  expectUnused,
  insertDefinitions,
  readDefinitions,
  updateDefinition,
} from "./attribute-store.ts";

/** All of them: there are never more than their limit. */
export async function listDefinitions(context: Context): Promise<AttributeDefinitionWire[]> {
  return readNearby(context, (database) => readDefinitions(database));
}

/** @throws AppError attribute_key_taken, too_many_attributes. */
export async function createDefinition(
  context: Context,
  input: NewAttributeDefinition,
): Promise<AttributeDefinitionWire> {
  const { primary } = context.databases;
  if ((await readDefinitions(primary)).length >= attributeLimits.definitionsMax)
    throw new AppError("too_many_attributes", {
      detail: `A shop defines ${attributeLimits.definitionsMax} attributes at most; delete one first.`,
    });
  const definition = { ...input, choices: input.choices ?? [], version: 1 };
  try {
    await transact(primary, [insertDefinitions(context, [definition]), ...recordAnswer(context, definition)]);
  } catch (error) {
    if (!violatesUnique(error, "attribute_definitions_pkey")) throw error;
    throw new AppError("attribute_key_taken", { detail: `The attribute ${input.key} is defined already.` });
  }
  return definition;
}

type DefinitionAtVersion = { readonly key: string; readonly version: number };

/**
 * Changes the title, or which choices there are; a choice that something has stays.
 * @throws AppError not_found, version_mismatch, invalid_request, attribute_in_use.
 */
export async function changeDefinition(
  context: Context,
  { key, version }: DefinitionAtVersion,
  patch: AttributeDefinitionPatch,
): Promise<AttributeDefinitionWire> {
  const before = await requireDefinition(context, { key, version });
  if (patch.choices !== undefined && before.choices.length === 0)
    throw new AppError("invalid_request", { detail: `${before.title} is no choice; it has no choices.` });
  const definition = {
    ...before,
    title: patch.title ?? before.title,
    choices: patch.choices ?? before.choices,
    version: version + 1,
  };
  const gone = before.choices.filter((choice) => !definition.choices.includes(choice));
  await transact(context.databases.primary, [
    updateDefinition(context, definition, version),
    ...(gone.length === 0 ? [] : [expectUnused(context, key, gone)]),
    ...recordAnswer(context, definition),
  ]).catch((error: unknown) => refuseUsed(context, { key, version }, error));
  return definition;
}

/** @throws AppError not_found, version_mismatch, attribute_in_use. */
export async function removeDefinition(context: Context, at: DefinitionAtVersion): Promise<void> {
  await requireDefinition(context, at);
  await transact(context.databases.primary, [
    deleteDefinition(context, at.key, at.version),
    expectUnused(context, at.key),
  ]).catch((error: unknown) => refuseUsed(context, at, error));
}

/** Both guards raise the same: when the version still stands, it was the use. */
async function refuseUsed(context: Context, at: DefinitionAtVersion, error: unknown): Promise<never> {
  if (!lostRace(error)) throw error;
  await requireDefinition(context, at);
  throw new AppError("attribute_in_use", {
    detail: "Products or variants have it; take it from them first.",
  });
}

async function requireDefinition(
  context: Context,
  { key, version }: DefinitionAtVersion,
): Promise<AttributeDefinitionWire> {
  const [definition] = await readDefinitions(context.databases.primary, [key]);
  if (definition === undefined) throw new AppError("not_found", { detail: "No attribute has this key." });
  if (definition.version !== version)
    throw new AppError("version_mismatch", { detail: "Read the attribute again and repeat the change." });
  return definition;
}
