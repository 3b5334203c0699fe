import { MeilisearchError } from "./meilisearch-error.ts";

const INDEX_UID = /^[A-Za-z0-9_-]{1,400}$/;

export function refuseInvalidUid(uid: string): void {
  if (INDEX_UID.test(uid)) return;
  throw new MeilisearchError(
    "invalid_index_uid",
    `\`${uid}\` is not a valid index uid. Index uid can be an integer or a string containing only alphanumeric characters, hyphens (-) and underscores (_), and can not be more than 400 bytes.`,
  );
}

/** Index patterns of keys and tenant tokens: a uid, `*`, or a beginning followed by `*`. */
export function uidMatches(pattern: string, uid: string): boolean {
  return pattern === uid || (pattern.endsWith("*") && uid.startsWith(pattern.slice(0, -1)));
}
