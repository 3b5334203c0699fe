import { createMiddleware } from "hono/factory";
import { AppError } from "#core/errors";
import type { AppEnvironment } from "./app-types.ts";

/** Characters of a path and query together; the longest that a client needs are a list's filters and its cursor. */
export const targetCharactersMax = 8_000;

/** Refuses an address that is too long, is no UTF-8 once decoded, or names NUL, which Postgres cannot store. */
export const limitTarget = createMiddleware<AppEnvironment>(async (request, next) => {
  const { pathname, search } = new URL(request.req.url);
  if (pathname.length + search.length > targetCharactersMax)
    throw new AppError("uri_too_long", {
      detail: `A path and its query have ${targetCharactersMax} characters at most.`,
    });
  if (!isStorable(pathname) || !isStorable(search))
    throw new AppError("invalid_request", { detail: "The address holds NUL or bytes that are no UTF-8." });
  return next();
});

function isStorable(text: string): boolean {
  try {
    return !decodeURIComponent(text.replaceAll(/%(?![0-9a-fA-F]{2})/g, "%25")).includes("\0");
  } catch {
    return false;
  }
}
