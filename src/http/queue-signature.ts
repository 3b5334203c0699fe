import { createMiddleware } from "hono/factory";
import { AppError } from "#core/errors";
import { actingAs } from "#platform/context";
import type { AppEnvironment } from "./app-types.ts";

/** Lets only deliveries of our own queue through, and lets them act as the system. */
export const requireQueueSignature = createMiddleware<AppEnvironment>(async (request, next) => {
  const { context } = request.var;
  const signature = request.req.header("upstash-signature") ?? "";
  const body = await request.req.text();
  if (!(await context.queue.verify(request.req.path, signature, body)))
    throw new AppError("invalid_signature", {
      detail: "Only the queue delivers here; its signature does not match.",
    });
  request.set("context", actingAs(context, { kind: "system" }));
  return next();
});
