import { newApiKeyText } from "#core/api-key-text";
import { sha256Hex } from "#core/canonical-json";
import { AppError } from "#core/errors";
import { type Id, newId } from "#core/ids";
import type { Page, PageRequest } from "#core/page";
import { actorOf } from "#core/principal";
import { epochMs, toTimestamp } from "#core/time";
import { requireCover } from "#features/staff/require-cover";
import type { Context } from "#platform/context";
import { readPage } from "#platform/cursor";
import { lostRace, transact } from "#platform/database";
import type { ApiKeyWire, NewApiKey, RotateApiKey, ShownApiKey } from "./schema.ts";
import { insertKey, retireKey, revokeKey, selectKey, selectKeys } from "./store.ts";

const hintCharacters = 4;

export async function listApiKeys(context: Context, request: PageRequest): Promise<Page<ApiKeyWire>> {
  return readPage<ApiKeyWire>(context.settings, request, {
    name: "api keys",
    positionOf: ({ id }) => [id],
    read: (travel) => selectKeys(context, travel),
  });
}

/**
 * Makes a key, which is shown in this answer and never again.
 * @throws AppError forbidden, invalid_request when it would be born expired.
 */
export async function createApiKey(context: Context, input: NewApiKey): Promise<ShownApiKey> {
  requireCover(context, input.permissions);
  const expiresAt = input.expires_at === undefined ? null : epochMs(Date.parse(input.expires_at));
  if (expiresAt !== null && expiresAt <= context.now())
    throw new AppError("invalid_request", {
      detail: "The key would be expired already.",
      errors: [{ pointer: "/expires_at", code: "too_small", detail: "must be in the future" }],
    });
  const { shown, statement } = await newKey(context, {
    name: input.name,
    permissions: input.permissions,
    expires_at: expiresAt === null ? null : toTimestamp(expiresAt),
  });
  await statement;
  return shown;
}

/**
 * Makes a key in the place of another, which stays good for the overlap. A lifetime stays as long as it was.
 * @throws AppError forbidden, not_found, conflict when the key is dead or has been replaced.
 */
export async function rotateApiKey(
  context: Context,
  id: Id<"apiKey">,
  { overlap_seconds: overlapSeconds }: RotateApiKey,
): Promise<ShownApiKey> {
  const old = await selectKey(context, id);
  if (old === undefined) throw noSuchKey();
  requireCover(context, old.permissions);
  const lifeMs = old.expires_at === null ? null : Date.parse(old.expires_at) - Date.parse(old.created_at);
  const { shown, statement } = await newKey(context, {
    name: old.name,
    permissions: old.permissions,
    expires_at: lifeMs === null ? null : toTimestamp(epochMs(context.now() + lifeMs)),
  });
  const retired = retireKey(context, id, { replacementId: shown.id, overlapSeconds });
  await transact(context.databases.primary, [statement, retired]).catch((error: unknown) => {
    if (!lostRace(error)) throw error;
    throw new AppError("conflict", {
      detail: "The key is dead or has been replaced; see GET /admin/api-keys.",
    });
  });
  return shown;
}

/** @throws AppError not_found. */
export async function revokeApiKey(context: Context, id: Id<"apiKey">): Promise<void> {
  if (!(await revokeKey(context, id))) throw noSuchKey();
}

async function newKey(context: Context, asked: Pick<ApiKeyWire, "name" | "permissions" | "expires_at">) {
  const key = newApiKeyText();
  const wire: ApiKeyWire = {
    id: newId("apiKey", context.now()),
    ...asked,
    hint: key.slice(-hintCharacters),
    created_by: actorOf(context.principal),
    maker_standing: "active",
    created_at: toTimestamp(context.now()),
    revoked_at: null,
    replaced_by: null,
    last_used_at: null,
  };
  return { shown: { ...wire, key }, statement: insertKey(context, wire, await sha256Hex(key)) };
}

function noSuchKey(): AppError {
  return new AppError("not_found", { detail: "There is no API key with this id." });
}
