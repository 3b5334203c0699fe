import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { z } from "zod";
import { projectFolder } from "./project.ts";

const FOLDER = join(projectFolder, "migrations");
const FILE_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/;

/** Keeps two migrations from running at once; any number that nothing else locks. */
const ADVISORY_LOCK = 7_461_020;

type Migration = { name: string; sql: string; checksum: string };

/**
 * Applies the migrations that this database does not know yet, each in a transaction of its own.
 * @returns the names of the files that were applied now.
 * @throws Error that names the file that fails, or that was edited after it had been applied.
 */
export async function migrate(databaseUrl: string, folder = FOLDER): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const client = new Client({ connectionString: databaseUrl, application_name: "tradewind-migrate" });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [ADVISORY_LOCK]);
    const applied = await readApplied(client);
    refuseEdited(migrations, applied);
    const pending = migrations.filter(({ name }) => !applied.has(name));
    for (const migration of pending) await apply(client, migration);
    return pending.map(({ name }) => name);
  } finally {
    // Ends the advisory lock too, which belongs to the session.
    await client.end();
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  const odd = names.find((name) => !FILE_NAME.test(name));
  if (odd !== undefined) throw new Error(`migrations/${odd} is not named like 0001_what_it_does.sql.`);
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(folder, name), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

const AppliedRows = z.array(z.object({ name: z.string(), checksum: z.string() }));

async function readApplied(client: Client): Promise<Map<string, string>> {
  await client.query(`create table if not exists applied_migrations (
    name text primary key,
    checksum text not null,
    applied_at timestamptz not null default now()
  )`);
  const { rows } = await client.query("select name, checksum from applied_migrations");
  return new Map(AppliedRows.parse(rows).map(({ name, checksum }) => [name, checksum]));
}

function refuseEdited(migrations: readonly Migration[], applied: ReadonlyMap<string, string>): void {
  for (const [name, checksum] of applied) {
    const migration = migrations.find((candidate) => candidate.name === name);
    if (migration === undefined)
      throw new Error(`migrations/${name} was applied to this database, but is gone.`);
    if (migration.checksum !== checksum) {
      throw new Error(
        `migrations/${name} was edited after it had been applied to this database. ` +
          "Undo the edit and write a new migration; a local database can be made anew with: npm run reset",
      );
    }
  }
}

async function apply(client: Client, { name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query("begin");
    await client.query(sql);
    await client.query("insert into applied_migrations (name, checksum) values ($1, $2)", [name, checksum]);
    await client.query("commit");
  } catch (cause) {
    await client.query("rollback");
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`migrations/${name} failed and was rolled back: ${reason}`, { cause });
  }
}
