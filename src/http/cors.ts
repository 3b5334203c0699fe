import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { hourMs, secondMs } from "#core/time";
import type { AppEnvironment } from "./app-types.ts";

const preflightSeconds = hourMs / secondMs;

/** What pages may send and read beyond what browsers always allow. Credentials travel in headers, never as cookies. */
const allowed = cors({
  origin: (origin, request) => (request.var.context.settings.CORS_ORIGINS.includes(origin) ? origin : null),
  allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
  allowHeaders: [
    "Authorization",
    "Cart-Token",
    "Commerce-Version",
    "Consistency-Token",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Order-Token",
    "Request-Id",
    "traceparent",
  ],
  exposeHeaders: [
    "Cart-Token",
    "Consistency-Token",
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Request-Id",
    "Retry-After",
  ],
  maxAge: preflightSeconds,
});

/** Lets the pages of CORS_ORIGINS call the API from a browser; without such a list nothing is sent. */
export const allowOrigins = createMiddleware<AppEnvironment>(async (request, next) =>
  request.var.context.settings.CORS_ORIGINS.length === 0 ? next() : allowed(request, next),
);
