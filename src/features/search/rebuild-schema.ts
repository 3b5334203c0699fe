import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";

/** A step of a rebuild that is under way. */
export const RebuildStep = z.discriminatedUnion("step", [
  z.strictObject({ step: z.literal("page"), after: z.string().max(255) }),
  z.strictObject({ step: z.literal("swap") }),
  z.strictObject({
    step: z.literal("finish"),
    task: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
  }),
]);
export type RebuildStep = z.infer<typeof RebuildStep>;

/** What the queue is told to do next: to begin, or the step that the rebuild's state holds. */
export const RebuildJob = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("start") }),
  z.strictObject({
    kind: z.literal("proceed"),
    rebuild_id: idSchema("searchRebuild"),
    turn: z
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .openapi({ description: "Counts the steps, so that a repeated message takes none." }),
  }),
]);
export type RebuildJob = z.infer<typeof RebuildJob>;

export const RebuildReport = z
  .strictObject({
    running: z
      .strictObject({ id: z.string(), started_at: z.iso.datetime(), indexed: z.int() })
      .nullable()
      .openapi({ description: "Searches are answered from the old index meanwhile." }),
    last: z
      .strictObject({
        id: z.string(),
        outcome: z.enum(["finished", "failed"]),
        indexed: z.int(),
        ended_at: z.iso.datetime(),
      })
      .nullable(),
  })
  .openapi("SearchRebuild");
export type RebuildReport = z.infer<typeof RebuildReport>;
