import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { migrate } from "#local/migrate";
import { startPostgres, type RunningPostgres } from "#local/postgres/postgres";

let stateFolder: string;
let postgres: RunningPostgres;
let folder: string;
let databaseUrl: string;
let databases = 0;

beforeAll(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), "tradewind-migrate-"));
  postgres = await startPostgres({ port: 0, replicaPort: 0, stateFolder, log: () => undefined });
});

afterAll(async () => {
  await postgres.stop();
  await rm(stateFolder, { recursive: true, force: true });
});

beforeEach(async () => {
  databases += 1;
  folder = join(stateFolder, `migrations-${databases}`);
  await mkdir(folder);
  await ask(postgres.url, `create database shop_${databases}`);
  databaseUrl = new URL(`/shop_${databases}`, postgres.url).href;
  await write("0001_ports.sql", "create table ports (name text primary key);");
});

test("the shop's own migrations apply to an empty database, once", async () => {
  expect(await migrate(databaseUrl)).toContain("0001_foundation.sql");
  expect(await migrate(databaseUrl)).toEqual([]);
});

test("a new migration is applied after those that the database knows", async () => {
  await migrate(databaseUrl, folder);
  await write("0002_piraeus.sql", "insert into ports values ('Piraeus');");
  expect(await migrate(databaseUrl, folder)).toEqual(["0002_piraeus.sql"]);
  expect(await ask(databaseUrl, "select name from ports")).toEqual([{ name: "Piraeus" }]);
});

test("a migration that fails leaves nothing of itself, is named, and can be mended", async () => {
  await write("0002_broken.sql", "insert into ports values ('Genoa'); select 1 / 0;");
  await expect(migrate(databaseUrl, folder)).rejects.toThrow(/0002_broken\.sql failed.*division by zero/);
  expect(await ask(databaseUrl, "select name from ports")).toEqual([]);
  await write("0002_broken.sql", "insert into ports values ('Genoa');");
  expect(await migrate(databaseUrl, folder)).toEqual(["0002_broken.sql"]);
});

test("an applied migration that was edited is refused by name", async () => {
  await migrate(databaseUrl, folder);
  await write("0001_ports.sql", "create table ports (name text);");
  await expect(migrate(databaseUrl, folder)).rejects.toThrow(/0001_ports\.sql was edited/);
});

test("two migrations at once apply each file once", async () => {
  const applied = await Promise.all([migrate(databaseUrl, folder), migrate(databaseUrl, folder)]);
  expect(applied.flat()).toEqual(["0001_ports.sql"]);
});

async function write(name: string, sql: string): Promise<void> {
  await writeFile(join(folder, name), sql);
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
