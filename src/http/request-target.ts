import { createMiddleware } from "hono/factory";
import { AppError } from "#core/errors";
import type { AppEnvironment } from "./app-types.ts";

/** Characters of a path and query together; the longest that a client needs are a list's filters and its cursor. */
export const targetCharactersMax = 8_000;

/** Refuses an address that is too long, is no UTF-8 once decoded, or names NUL, which Postgres cannot store. */
export const limitTarget = createMiddleware<AppEnvironment>(async (request, next) => {
  const { pathname, search } = addressOf(request.req.raw);
  if (pathname.length + search.length > targetCharactersMax)
    throw new AppError("uri_too_long", {
      detail: `A path and its query have ${targetCharactersMax} characters at most.`,
    });
  if (!isStorable(pathname) || !isStorable(search))
    throw new AppError("invalid_request", { detail: "The address holds NUL or bytes that are no UTF-8." });
  return next();
});

/** Path and query of a request's address as they came: what is before them ends at the third slash. */
export function addressOf({ url }: Request): { pathname: string; search: string } {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  const end = url.indexOf("#", start);
  const target = url.slice(start, end === -1 ? undefined : end);
  const query = target.indexOf("?");
  if (query === -1) return { pathname: target, search: "" };
  return { pathname: target.slice(0, query), search: target.slice(query) };
}

function isStorable(text: string): boolean {
  if (!text.includes("%")) return !text.includes("\0");
  try {
    return !decodeURIComponent(text.replaceAll(/%(?![0-9a-fA-F]{2})/g, "%25")).includes("\0");
  } catch {
    return false;
  }
}
