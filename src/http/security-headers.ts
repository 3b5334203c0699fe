import { createMiddleware } from "hono/factory";
import { dayMs, secondMs } from "#core/time";
import type { AppEnvironment } from "./app-types.ts";

/** For how long browsers reach us by TLS only. */
const transportSecuritySeconds = (365 * dayMs) / secondMs;

/** What an answer may do in a browser when its route says nothing: nothing. */
const contentSecurityPolicy =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Headers of every answer. What a route did not declare cacheable is taken for personal, and never stored. */
export const secureHeaders = createMiddleware<AppEnvironment>(async (request, next) => {
  await next();
  if (request.res.status === 101) return;
  request.header("X-Content-Type-Options", "nosniff");
  request.header("X-Frame-Options", "DENY");
  request.header("Referrer-Policy", "no-referrer");
  request.header("Cross-Origin-Opener-Policy", "same-origin");
  // A page that CORS_ORIGINS lists reads answers by CORS; no other embeds them.
  request.header("Cross-Origin-Resource-Policy", "same-origin");
  const { headers } = request.res;
  if (!headers.has("content-security-policy"))
    request.header("Content-Security-Policy", contentSecurityPolicy);
  if (!headers.has("cache-control")) request.header("Cache-Control", "private, no-store");
  // Not of the settings: a Worker whose settings are incomplete answers, too.
  const { ENVIRONMENT } = request.env;
  if (ENVIRONMENT === "staging" || ENVIRONMENT === "production")
    request.header("Strict-Transport-Security", `max-age=${transportSecuritySeconds}; includeSubDomains`);
});
