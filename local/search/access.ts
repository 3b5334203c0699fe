import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { uidMatches } from "./index-uid.ts";
import type { ApiKey, KeyStore } from "./key-store.ts";
import { MeilisearchError } from "./meilisearch-error.ts";

const SearchRule = z.object({ filter: z.union([z.string(), z.array(z.unknown())]).nullish() }).nullable();
const TenantToken = z.object({
  apiKeyUid: z.string(),
  searchRules: z.union([z.array(z.string()), z.record(z.string(), SearchRule)]),
  exp: z.number().nullish(),
});

/** What a request may do: the filter of a tenant token narrows every search. */
export type Grant = { filter?: unknown };

export type Access = ReturnType<typeof createAccess>;

/** Checks bearer tokens: the master key, API keys, and tenant tokens signed with an API key (searches only). */
export function createAccess(keys: KeyStore, masterKey: string) {
  return {
    /** Throws `missing_authorization_header` or `invalid_api_key` unless the token allows the action on the index. */
    authorise(authorization: string | undefined, action: string, indexUid?: string): Grant {
      const token = /^Bearer (.+)$/i.exec(authorization ?? "")?.[1];
      if (token === undefined) {
        throw new MeilisearchError(
          "missing_authorization_header",
          "The Authorization header is missing. It must use the bearer authorization method.",
        );
      }
      if (token === masterKey) return {};
      const key = keys.find(token);
      if (key?.key === token) {
        if (!allows(key, action, indexUid)) throw invalidKey();
        return {};
      }
      if (action !== "search") throw invalidKey();
      return tenantGrant(token, keys, indexUid);
    },
  };
}

function allows(key: ApiKey, action: string, indexUid: string | undefined): boolean {
  if (key.expiresAt !== null && Date.parse(key.expiresAt) <= Date.now()) return false;
  const [area] = action.split(".");
  const isAction = key.actions.some((each) => each === "*" || each === action || each === `${area}.*`);
  return isAction && (indexUid === undefined || key.indexes.some((pattern) => uidMatches(pattern, indexUid)));
}

function tenantGrant(token: string, keys: KeyStore, indexUid: string | undefined): Grant {
  const [header, claims, signature] = token.split(".");
  if (header === undefined || claims === undefined || signature === undefined) throw invalidKey();
  const parsed = TenantToken.safeParse(decodeJson(claims));
  if (!parsed.success) throw invalidKey();
  const { apiKeyUid, searchRules, exp } = parsed.data;
  const key = keys.find(apiKeyUid);
  if (key === undefined || !allows(key, "search", indexUid)) throw invalidKey();
  const expected = createHmac("sha256", key.key).update(`${header}.${claims}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw invalidKey();
  if (exp && exp * 1000 <= Date.now()) throw invalidKey();
  if (indexUid === undefined) return {};
  return ruleFor(searchRules, indexUid);
}

function ruleFor(rules: z.infer<typeof TenantToken>["searchRules"], indexUid: string): Grant {
  if (Array.isArray(rules)) {
    if (!rules.some((pattern) => uidMatches(pattern, indexUid))) throw invalidKey();
    return {};
  }
  const entries = Object.entries(rules);
  const entry =
    entries.find(([pattern]) => pattern === indexUid) ??
    entries.find(([pattern]) => uidMatches(pattern, indexUid));
  if (entry === undefined) throw invalidKey();
  return { filter: entry[1]?.filter ?? undefined };
}

function decodeJson(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString());
  } catch (fault) {
    if (fault instanceof SyntaxError) return undefined;
    throw fault;
  }
}

function invalidKey(): MeilisearchError {
  return new MeilisearchError("invalid_api_key", "The provided API key is invalid.");
}
