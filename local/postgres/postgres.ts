import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { RunningService, ServiceOptions } from "../service.ts";
import { findBinaries } from "./binaries.ts";
import { holds, withClient } from "./connection.ts";
import { claimPort } from "./free-port.ts";
import { endLeftoverServer } from "./leftover.ts";
import { ensurePrimaryFolder } from "./primary.ts";
import { pauseReplay, replicaCaughtUp, resumeReplay, startReplica } from "./replica.ts";
import { startServer, type ServerProcess } from "./server-process.ts";
import { LOCAL_LOGIN } from "./settings.ts";

export type PostgresOptions = ServiceOptions & {
  /** TCP port of the read replica on 127.0.0.1; 0 takes a free one. */
  replicaPort: number;
};

export type Endpoint = { host: string; port: number };

export type RunningPostgres = RunningService & {
  primary: Endpoint;
  replica: Endpoint;
  user: string;
  password: string;
  database: string;
  /** Freezes what the replica shows; it goes on receiving. Ends with the next start at the latest. */
  pauseReplay: () => Promise<void>;
  resumeReplay: () => Promise<void>;
  /** Resolves when the replica shows everything that the primary had committed at the time of the call. */
  replicaCaughtUp: () => Promise<void>;
};

/** Starts a Postgres primary and its streaming replica on the data of the state folder. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { log } = options;
  await mkdir(options.stateFolder, { recursive: true });
  // One name for one folder, since leftovers are recognised by it.
  const stateFolder = await realpath(options.stateFolder);
  const folders = { primary: join(stateFolder, "primary"), replica: join(stateFolder, "replica") };
  const binaries = await findBinaries();
  await endLeftoverServer(folders.replica);
  await endLeftoverServer(folders.primary);
  await ensurePrimaryFolder(binaries, folders);
  const primaryPort = await claimPort(options.port, "port");
  const launch = { name: "primary", dataFolder: folders.primary, port: primaryPort, settings: {}, log };
  const primary = await startServer(binaries, launch);
  try {
    await ensureDatabase(primaryPort);
    const port = await claimPort(options.replicaPort, "replicaPort");
    const replica = await startReplica({ binaries, folders, primaryPort, port, log });
    return running(primary, replica);
  } catch (error) {
    await primary.stop();
    throw error;
  }
}

function running(primary: ServerProcess, replica: ServerProcess): RunningPostgres {
  const { user, password, database } = LOCAL_LOGIN;
  return {
    url: `postgresql://${user}:${password}@127.0.0.1:${primary.port}/${database}`,
    primary: { host: "127.0.0.1", port: primary.port },
    replica: { host: "127.0.0.1", port: replica.port },
    ...LOCAL_LOGIN,
    stop: async () => {
      await replica.stop();
      await primary.stop();
    },
    pauseReplay: () => pauseReplay(replica.port),
    resumeReplay: () => resumeReplay(replica.port),
    replicaCaughtUp: () => replicaCaughtUp({ primary: primary.port, replica: replica.port }),
  };
}

async function ensureDatabase(port: number): Promise<void> {
  const { database } = LOCAL_LOGIN;
  const ensure = async (client: Parameters<typeof holds>[0]): Promise<void> => {
    if (await holds(client, "exists (select from pg_database where datname = $1)", [database])) return;
    await client.query(`create database ${database}`);
  };
  await withClient(port, ensure, "postgres");
}
