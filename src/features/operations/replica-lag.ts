import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import type { Database, Replica } from "#platform/database";
import { within } from "#platform/deadline";
import { errorFields } from "#platform/log";

/** How long a replica may take to say how far it is, in milliseconds. */
const answerMsMax = 2_000;

const Lag = z.object({ bytes: z.coerce.number(), seconds: z.coerce.number() });
export type ReplicaLag = z.infer<typeof Lag>;

/** How far each replica is behind what the primary has now; undefined is one that does not answer. */
export async function readReplicaLags(context: Context): Promise<(ReplicaLag | undefined)[]> {
  const { primary, replicas } = context.databases;
  const { rows } = await primary.execute(sql`select pg_current_wal_lsn()::text as place`);
  const { place } = z.object({ place: z.string() }).parse(rows[0]);
  return Promise.all(
    replicas.map(async ({ database }: Replica) => {
      try {
        return await within(answerMsMax, lagBehind(database, place));
      } catch (error) {
        context.log("warn", "a replica does not say how far it is", errorFields(error));
        return undefined;
      }
    }),
  );
}

/** While nothing is written a replica has nothing to replay: whoever has come to the place is not behind. */
async function lagBehind(database: Database, place: string): Promise<ReplicaLag> {
  const { rows } = await database.execute(sql`
    select bytes, case when bytes = 0 then 0
      else coalesce(extract(epoch from now() - pg_last_xact_replay_timestamp()), 0) end as seconds
    from (select greatest(0, pg_wal_lsn_diff(${place}::pg_lsn, case when pg_is_in_recovery()
      then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end)) as bytes) as behind`);
  return Lag.parse(rows[0]);
}
