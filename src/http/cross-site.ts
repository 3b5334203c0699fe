import { createMiddleware } from "hono/factory";
import { AppError } from "#core/errors";
import type { AppEnvironment, AppRequest } from "./app-types.ts";

const reads = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses a write that a page of another site makes with the browser's cookies. Who asks is told by headers, which no
 * browser adds by itself, so a forged request already opens nothing; this holds should a cookie ever come to mean more
 * than which browser began a sign-in. Programs and pages that send no cookies are not concerned.
 */
export const refuseCrossSite = createMiddleware<AppEnvironment>(async (request, next) => {
  const isWrite = !reads.has(request.req.method);
  if (isWrite && request.req.header("cookie") !== undefined && comesFromElsewhere(request))
    throw new AppError("cross_site_refused", {
      detail: "Send it without cookies, or from a page of CORS_ORIGINS.",
    });
  return next();
});

/** Sec-Fetch-Site is the browser's own word; browsers that do not know it send the page's origin with every write. */
function comesFromElsewhere(request: AppRequest): boolean {
  const origin = request.req.header("origin");
  const { CORS_ORIGINS, PUBLIC_URL } = request.var.context.settings;
  if (origin !== undefined && CORS_ORIGINS.includes(origin)) return false;
  const site = request.req.header("sec-fetch-site");
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  return (
    origin !== undefined && ![new URL(PUBLIC_URL).origin, new URL(request.req.url).origin].includes(origin)
  );
}
