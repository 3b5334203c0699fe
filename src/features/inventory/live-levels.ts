import { sql } from "drizzle-orm";
import { z } from "zod";
import { createCoalescer } from "#platform/coalesce";
import type { Context } from "#platform/context";
import { createIsolateMemory } from "#platform/isolate-memory";
import { readNearby } from "#platform/nearby-reads";

/**
 * How long a figure is believed. Objects report a change within three tenths of a second and replicas follow in
 * milliseconds, so that what is shown is less than a second old.
 */
const lifeMs = 500;

const memory = createIsolateMemory<number | null>({ entriesMax: 20_000, lifeMs });

const coalesced = createCoalescer<number>();

const Level = z.object({ sku: z.string(), available: z.coerce.number() });

/** The units of these SKUs that can be sold, null where none was counted: advisory, and for many SKUs one reading. */
export async function readLiveLevels(
  context: Context,
  skus: readonly string[],
): Promise<ReadonlyMap<string, number | null>> {
  const now = context.now();
  const levels = new Map<string, number | null>();
  const missing: string[] = [];
  for (const sku of new Set(skus)) {
    const known = memory.get(sku, now);
    if (known === undefined) missing.push(sku);
    else levels.set(sku, known);
  }
  if (missing.length === 0) return levels;
  const read = await coalesced(context, missing, (wanted) => readLevels(context, wanted));
  for (const sku of missing) {
    const available = read.get(sku) ?? null;
    memory.set(sku, available, now);
    levels.set(sku, available);
  }
  return levels;
}

async function readLevels(context: Context, skus: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const { rows } = await readNearby(context, (database) =>
    database.execute(sql`
      select sku, available from stock_levels
      where sku in (select jsonb_array_elements_text(${JSON.stringify(skus)}::jsonb))`),
  );
  return new Map(rows.map((row) => Level.parse(row)).map(({ sku, available }) => [sku, available]));
}
