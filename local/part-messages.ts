import { z } from "zod";

/** What the orchestrator tells the process of a part. */
export const PartCommand = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("start"), options: z.unknown() }),
  z.object({ kind: z.literal("stop") }),
]);
export type PartCommand = z.infer<typeof PartCommand>;

/** What the process of a part tells the orchestrator. */
export const PartReport = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("failed"), reason: z.string() }),
  z.object({ kind: z.literal("log"), line: z.string() }),
]);
export type PartReport = z.infer<typeof PartReport>;
