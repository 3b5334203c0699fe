import { z } from "@hono/zod-openapi";
import { idSchema } from "#core/ids";

/** What the queue is told to do next of a rebuild. */
export const RebuildJob = z.discriminatedUnion("step", [
  z.strictObject({ step: z.literal("start") }),
  z.strictObject({
    step: z.literal("page"),
    rebuild_id: idSchema("searchRebuild"),
    after: z.string().max(255),
  }),
  z.strictObject({ step: z.literal("swap"), rebuild_id: idSchema("searchRebuild") }),
  z.strictObject({
    step: z.literal("finish"),
    rebuild_id: idSchema("searchRebuild"),
    task: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
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
