import { createMiddleware } from "hono/factory";
import { dayMs, secondMs } from "#core/time";
import type { AppEnvironment } from "./app-types.ts";

/** For how long browsers reach us by TLS only. */
const transportSecuritySeconds = (365 * dayMs) / secondMs;

/** What an answer may do in a browser when its route says nothing: nothing. */
const contentSecurityPolicy =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * Headers of every answer. What a route did not declare cacheable is taken for personal, and never stored. They are set
 * on the answer that is there: Hono's own `header` would copy it for each of them, and stream its body.
 */
export const secureHeaders = createMiddleware<AppEnvironment>(async (request, next) => {
  await next();
  if (request.res.status === 101) return;
  const { headers } = request.res;
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("X-Frame-Options", "DENY");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  // A page that CORS_ORIGINS lists reads answers by CORS; no other embeds them.
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  if (!headers.has("content-security-policy")) headers.set("Content-Security-Policy", contentSecurityPolicy);
  if (!headers.has("cache-control")) headers.set("Cache-Control", "private, no-store");
  // Not of the settings: a Worker whose settings are incomplete answers, too.
  const { ENVIRONMENT } = request.env;
  if (ENVIRONMENT === "staging" || ENVIRONMENT === "production")
    headers.set("Strict-Transport-Security", `max-age=${transportSecuritySeconds}; includeSubDomains`);
});
