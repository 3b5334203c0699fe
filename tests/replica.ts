import { Client } from "pg";
import { expect, inject, vi } from "vitest";

/**
 * Waits until the shared stack's replica shows what its primary has now: whoever reads without saying what was written is
 * shown what the replica has. Where there is no shared stack, nobody waits.
 */
export async function untilReplicated(): Promise<void> {
  const addresses = inject("addresses");
  if (addresses === undefined) return;
  const primary = new Client({ connectionString: addresses.services.postgres });
  const replica = new Client({ connectionString: addresses.services.replica });
  try {
    await Promise.all([primary.connect(), replica.connect()]);
    const { rows } = await primary.query<{ place: string }>("select pg_current_wal_lsn()::text as place");
    await vi.waitFor(async () => {
      const reached = "select pg_wal_lsn_diff(pg_last_wal_replay_lsn(), $1) >= 0 as reached";
      expect((await replica.query(reached, [rows[0]?.place])).rows).toEqual([{ reached: true }]);
    }, 25_000);
  } finally {
    await Promise.all([primary.end(), replica.end()]);
  }
}
