import { createMiddleware } from "hono/factory";
import { AppError } from "#core/errors";
import { openConsistencyToken, signConsistencyToken } from "#platform/consistency";
import type { AppEnvironment } from "./app-types.ts";

/**
 * A write answers with a Consistency-Token; a read that carries it sees that write, whichever replica answers.
 * @throws AppError invalid_consistency_token for one that is none of ours.
 */
export const keepConsistent = createMiddleware<AppEnvironment>(async (request, next) => {
  const { context } = request.var;
  const { settings, written, writtenElsewhere } = context;
  const token = request.req.header("consistency-token");
  if (token !== undefined) {
    const seeing = await openConsistencyToken(settings, token, context.now());
    if (seeing === undefined)
      throw new AppError("invalid_consistency_token", {
        detail: "Send the Consistency-Token of your last write as it came, or none.",
      });
    if (seeing !== "expired") request.set("context", { ...context, mustSee: seeing });
  }
  await next();
  const { headers } = request.res;
  // What was written to another database alone is read there by all: the token asks for nothing but the primary.
  if (written.length > 0 || writtenElsewhere.length > 0 || headers.has("idempotent-replayed"))
    headers.set(
      "Consistency-Token",
      await signConsistencyToken(settings, { transactions: written }, context.now()),
    );
});
