import { z } from "zod";
import { inDatabase } from "../../in-database.ts";

const Recorded = z.object({ type: z.string(), payload: z.record(z.string(), z.unknown()) });
export type Recorded = { type: string; data: Record<string, unknown> };

/** What the outbox was given about a subject, in order. */
export async function recordedEvents(subject: string, ...types: readonly string[]): Promise<Recorded[]> {
  const rows = await inDatabase(
    "select type, payload from outbox where subject = $1 and type = any($2) order by position",
    [subject, types],
  );
  return rows.map((row) => {
    const { type, payload } = Recorded.parse(row);
    return { type, data: payload };
  });
}
