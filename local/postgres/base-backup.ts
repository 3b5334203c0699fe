import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "pg";
import { z } from "zod";
import { copyFolder } from "./copy-folder.ts";

export const REPLICATION_SLOT = "replica";

/** What belongs to the running primary and not to its data; Postgres' manual lists it for base backups. */
const NOT_COPIED =
  /^(postmaster\.(pid|opts)|(pg_wal|pg_replslot|pg_stat_tmp|pg_subtrans|pg_dynshmem|pg_notify|pg_serial|pg_snapshots)\/.+|(.*\/)?pgsql_tmp.*)$/;

const BackupEnd = z.tuple([z.object({ labelfile: z.string() })]);
const Slot = z.array(z.object({ usable: z.boolean() }));

/** Whether the replica's folder can go on from where it stopped: the primary still keeps its WAL. */
export async function canFollow(primary: Client, replicaFolder: string): Promise<boolean> {
  if (!existsSync(replicaFolder)) return false;
  const { rows } = await primary.query(
    `select wal_status in ('reserved', 'extended', 'unreserved') as usable
       from pg_replication_slots where slot_name = $1 and wal_status is not null`,
    [REPLICATION_SLOT],
  );
  return Slot.parse(rows).some((slot) => slot.usable);
}

/**
 * Copies the running primary into a new replica folder, as pg_basebackup would if it were shipped.
 * The copy is renamed when complete, so a half-copied one is never started.
 */
export async function copyPrimary(
  primary: Client,
  folders: { primary: string; replica: string },
): Promise<void> {
  const partial = `${folders.replica}.partial`;
  await Promise.all([folders.replica, partial].map((folder) => rm(folder, { recursive: true, force: true })));
  await primary.query(
    "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1",
    [REPLICATION_SLOT],
  );
  await primary.query("select pg_create_physical_replication_slot($1, true)", [REPLICATION_SLOT]);
  await primary.query("select pg_backup_start('replica', true)");
  await copyDataFolder(folders.primary, partial);
  const { rows } = await primary.query("select labelfile from pg_backup_stop(false)");
  const [{ labelfile }] = BackupEnd.parse(rows);
  await writeFile(join(partial, "backup_label"), labelfile);
  await writeFile(join(partial, "standby.signal"), "");
  await rename(partial, folders.replica);
}

async function copyDataFolder(from: string, to: string): Promise<void> {
  await copyFolder(from, to, (path) => !NOT_COPIED.test(path));
  await mkdir(join(to, "pg_wal", "archive_status"), { recursive: true, mode: 0o700 });
  await mkdir(join(to, "pg_wal", "summaries"), { recursive: true, mode: 0o700 });
}
