import { AppError } from "#core/errors";
import type { Freshness } from "#platform/ready-answers";
import type { AppRequest } from "./app-types.ts";

/** The strong ETag of a row's version, such as `"v7"`. */
export function versionEtag(version: number): string {
  return `"v${version}"`;
}

/** 304 in a route's description. */
export const notModified = { description: "The copy that If-None-Match names is still good." };

/** Sets the validators of a public read; true when the client's copy is still good and 304 is the answer. */
export function isUnchanged(request: AppRequest, etag: string, freshness: Freshness): boolean {
  request.header("ETag", etag);
  request.header("Cache-Control", cacheControlOf(freshness));
  // A reader who has just written is not served the copy from before.
  request.header("Vary", "Consistency-Token", { append: true });
  return isAmong(request.req.header("if-none-match"), etag);
}

/** Whether If-None-Match names this version. */
export function isAmong(header: string | undefined, etag: string): boolean {
  return header !== undefined && (header.trim() === "*" || etagsOf(header).includes(etag));
}

function cacheControlOf({ freshSeconds, whileRevalidateSeconds, ifErrorSeconds }: Freshness): string {
  return `public, max-age=${freshSeconds}, stale-while-revalidate=${whileRevalidateSeconds}, stale-if-error=${ifErrorSeconds}`;
}

const freshnessText = /^public, max-age=(\d+), stale-while-revalidate=(\d+), stale-if-error=(\d+)$/;

/** The freshness that an answer of ours promises; undefined for one that nobody may keep so long. */
export function freshnessOf(cacheControl: string): Freshness | undefined {
  const found = freshnessText.exec(cacheControl);
  if (found === null) return undefined;
  const [freshSeconds = 0, whileRevalidateSeconds = 0, ifErrorSeconds = 0] = found.slice(1).map(Number);
  return { freshSeconds, whileRevalidateSeconds, ifErrorSeconds };
}

/**
 * The version that the client has seen and means to change, from If-Match.
 * @throws AppError if_match_required without the header, version_mismatch when it names no version of ours.
 */
export function requiredVersion(request: AppRequest): number {
  const header = request.req.header("if-match");
  if (header === undefined)
    throw new AppError("if_match_required", {
      detail: 'Send If-Match with the ETag of the version that you have read, such as "v7".',
    });
  const version = /^"v(\d{1,15})"$/.exec(header.trim())?.[1];
  if (version === undefined)
    throw new AppError("version_mismatch", {
      detail: 'If-Match names no version of this resource; read it again and send its ETag, such as "v7".',
    });
  return Number(version);
}

/** If-None-Match compares weakly: a proxy may have weakened our strong ETag on its way. */
function etagsOf(header: string): string[] {
  return header.split(",").map((etag) => etag.trim().replace(/^W\//, ""));
}
