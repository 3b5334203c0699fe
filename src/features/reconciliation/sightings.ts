import { sql } from "drizzle-orm";
import type { Context } from "#platform/context";

/** The statement that remembers which payments their provider has shown us. */
export function sightingsStatement(context: Context, attemptIds: readonly string[]) {
  return context.databases.primary.execute(sql`
    insert into payment_sightings (attempt_id, seen_at)
    select id, now() from jsonb_array_elements_text(${JSON.stringify(attemptIds)}::jsonb) as seen (id) order by id
    on conflict (attempt_id) do update set seen_at = now()`);
}

export async function recordSightings(context: Context, attemptIds: readonly string[]): Promise<void> {
  await sightingsStatement(context, attemptIds);
}
