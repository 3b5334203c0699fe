import { sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { Context } from "#platform/context";
import type { Database } from "#platform/database";
import { ordersAt, readAtHomes } from "#platform/order-homes";

function sightingsStatement(database: Database, attemptIds: readonly string[]) {
  return database.execute(sql`
    insert into payment_sightings (attempt_id, seen_at)
    select id, now() from jsonb_array_elements_text(${JSON.stringify(attemptIds)}::jsonb) as seen (id) order by id
    on conflict (attempt_id) do update set seen_at = now()`);
}

/** Remembers which payments their provider has shown us. */
export async function recordSightings(context: Context, attemptIds: readonly string[]): Promise<void> {
  await readAtHomes(context, attemptIds, async (database, ids) => {
    await sightingsStatement(database, ids);
    return [];
  });
}

/** The statements that do the same within a transaction of the primary, once it is done where else payments live. */
export async function recordSightingsAlongside(
  context: Context,
  attemptIds: readonly string[],
): Promise<BatchItem<"pg">[]> {
  const { primary } = context.databases;
  const here = attemptIds.filter((id) => ordersAt(context, id) === primary);
  const elsewhere = attemptIds.filter((id) => !here.includes(id));
  await recordSightings(context, elsewhere);
  return here.length === 0 ? [] : [sightingsStatement(primary, here)];
}
