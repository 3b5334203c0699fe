import type { Client } from "pg";
import { z } from "zod";
import { canFollow, copyPrimary, REPLICATION_SLOT } from "./base-backup.ts";
import type { Binaries } from "./binaries.ts";
import { holds, until, withClient } from "./connection.ts";
import { startServer, type ServerProcess } from "./server-process.ts";
import { LOCAL_LOGIN } from "./settings.ts";

const STREAMING_MS_MAX = 10_000;
const REPLAY_MS_MAX = 10_000;

const Position = z.tuple([z.object({ position: z.string() })]);

type ReplicaLaunch = {
  binaries: Binaries;
  folders: { primary: string; replica: string };
  primaryPort: number;
  port: number;
  log: (line: string) => void;
};

/** Starts the replica where it stopped, or on a fresh copy if it can no longer follow its primary. */
export function startReplica(launch: ReplicaLaunch): Promise<ServerProcess> {
  return withClient(launch.primaryPort, async (primary) => {
    if (await canFollow(primary, launch.folders.replica)) {
      try {
        return await startFollowing(primary, launch);
      } catch (error) {
        launch.log(`the replica is made anew: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    await copyPrimary(primary, launch.folders);
    return startFollowing(primary, launch);
  });
}

async function startFollowing(primary: Client, launch: ReplicaLaunch): Promise<ServerProcess> {
  const { user, password } = LOCAL_LOGIN;
  const replica = await startServer(launch.binaries, {
    name: "replica",
    dataFolder: launch.folders.replica,
    port: launch.port,
    settings: {
      primary_conninfo: `host=127.0.0.1 port=${launch.primaryPort} user=${user} password=${password}`,
      primary_slot_name: REPLICATION_SLOT,
    },
    log: launch.log,
  });
  try {
    await until("the replica follows its primary", STREAMING_MS_MAX, () =>
      holds(primary, "exists (select from pg_stat_replication where state = 'streaming')"),
    );
    return replica;
  } catch (error) {
    await replica.stop();
    throw error;
  }
}

export function pauseReplay(port: number): Promise<void> {
  return withClient(port, async (replica) => {
    await replica.query("select pg_wal_replay_pause()");
    await until("the replica pauses", REPLAY_MS_MAX, () =>
      holds(replica, "pg_get_wal_replay_pause_state() = 'paused'"),
    );
  });
}

export function resumeReplay(port: number): Promise<void> {
  return withClient(port, async (replica) => {
    await replica.query("select pg_wal_replay_resume()");
  });
}

export async function replicaCaughtUp(ports: { primary: number; replica: number }): Promise<void> {
  const position = await withClient(ports.primary, async (primary) => {
    const { rows } = await primary.query("select pg_current_wal_flush_lsn()::text as position");
    return Position.parse(rows)[0].position;
  });
  await withClient(ports.replica, (replica) =>
    until("the replica catches up", REPLAY_MS_MAX, () =>
      holds(replica, "pg_last_wal_replay_lsn() >= $1::pg_lsn", [position]),
    ),
  );
}
