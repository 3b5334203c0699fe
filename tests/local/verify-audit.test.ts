import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate } from "#local/migrate";
import { type RunningPostgres, startPostgres } from "#local/postgres/postgres";
import { projectFolder } from "#local/project";

let stateFolder: string;
let postgres: RunningPostgres;
let client: Client;

beforeAll(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), "tradewind-audit-"));
  postgres = await startPostgres({ port: 0, replicaPort: 0, stateFolder, log: () => undefined });
  await migrate(postgres.url);
  client = new Client({ connectionString: postgres.url });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await postgres.stop();
  await rm(stateFolder, { recursive: true, force: true });
});

/** What the command prints, its failure included. */
async function verify(...options: string[]): Promise<string> {
  const program = join(projectFolder, "local", "verify-audit.ts");
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", program, ...options],
      { cwd: projectFolder, env: { ...process.env, DATABASE_URL: postgres.url } },
      (_failure, stdout, stderr) => resolve(stdout + stderr),
    );
  });
}

async function append(count: number): Promise<void> {
  const one = `select append_audit_entry($1)`;
  const entry = JSON.stringify({
    kind: "act",
    action: "POST /admin/products",
    actor: "usr_1",
    input: 'ünïcode \\ "',
  });
  // All at once, over connections of their own: appenders must queue up.
  await Promise.all(
    Array.from({ length: count }, async () => {
      const appender = new Client({ connectionString: postgres.url });
      await appender.connect();
      await appender.query(one, [entry]);
      await appender.end();
    }),
  );
}

test("entries appended at the same time form one chain, and its head is found again later", async () => {
  expect(await verify()).toContain("The audit log is empty.");
  await append(20);
  const printed = await verify();
  expect(printed).toContain("All 20 entries follow one another.");
  const head = /The head is (\S+)/.exec(printed)?.[1] ?? "";
  await append(3);
  expect(await verify(head)).toContain("All 23 entries");
});

test("the log refuses to be changed or emptied", async () => {
  for (const statement of [
    "update audit_entries set content = '{}' where sequence = 2",
    "delete from audit_entries where sequence = 23",
    "truncate audit_entries",
  ])
    await expect(client.query(statement)).rejects.toThrow("append-only");
});

test("who changes or cuts it nevertheless is found out", async () => {
  const { rows } = await client.query<{ hash: string }>("select hash from audit_entries where sequence = 23");
  const head = `23:${rows[0]?.hash ?? ""}`;
  await client.query("alter table audit_entries disable trigger user");
  await client.query("delete from audit_entries where sequence = 23");
  expect(await verify()).toContain("All 22 entries follow one another.");
  expect(await verify(head)).toContain("The log ends at entry 22: what came behind it was cut off.");
  await client.query(`update audit_entries set content = '{"kind":"act"}' where sequence = 7`);
  expect(await verify()).toContain("The chain breaks at entry 7: content changed.");
});
