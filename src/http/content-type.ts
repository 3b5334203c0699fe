import { createMiddleware } from "hono/factory";
import { AppError } from "#core/errors";
import type { AppEnvironment } from "./app-types.ts";

/** Lets only bodies of these media types through: 415 for others. */
export function requireContentType(...mediaTypes: [string, ...string[]]) {
  return createMiddleware<AppEnvironment>(async (request, next) => {
    const [sent] = (request.req.header("content-type") ?? "").split(";");
    if (!mediaTypes.includes(sent?.trim().toLowerCase() ?? ""))
      throw new AppError("unsupported_media_type", {
        detail: `Send Content-Type: ${mediaTypes.join(" or ")}.`,
      });
    return next();
  });
}
