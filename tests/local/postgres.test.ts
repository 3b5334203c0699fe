import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { findBinaries, withPrefix } from "#local/postgres/binaries";
import { claimPort } from "#local/postgres/free-port";
import { startPostgres, type RunningPostgres } from "#local/postgres/postgres";
import { findProcess } from "#local/postgres/process-table";

const patience = 25_000;

const HOLDER = join(import.meta.dirname, "programs", "hold-postgres.ts");

let stateFolder: string;
let postgres: RunningPostgres;

beforeAll(async () => {
  stateFolder = await realpath(await mkdtemp(join(tmpdir(), "tradewind-postgres-")));
  postgres = await start();
  await onPrimary("create table harbours (name text primary key)");
});

afterAll(async () => {
  await postgres.stop();
  await rm(stateFolder, { recursive: true });
});

test("the replica shows what the primary committed and refuses to write", async () => {
  await onPrimary("insert into harbours values ('Piraeus')");
  await postgres.replicaCaughtUp();
  expect(await harboursOnReplica()).toContain("Piraeus");
  await expect(query(postgres.replica.port, "delete from harbours")).rejects.toMatchObject({ code: "25006" });
});

test("a paused replica stays behind until it is resumed", async () => {
  await postgres.pauseReplay();
  await onPrimary("insert into harbours values ('Valletta')");
  expect(await harboursOnReplica()).not.toContain("Valletta");
  await postgres.resumeReplay();
  await postgres.replicaCaughtUp();
  expect(await harboursOnReplica()).toContain("Valletta");
});

test("a wrong password is refused", async () => {
  const url = new URL(postgres.url);
  url.password = "wrong";
  const client = new Client(url.href);
  await expect(client.connect()).rejects.toMatchObject({ code: "28P01" });
});

test("a second start on a folder in use is refused and leaves the first alone", async () => {
  await expect(start()).rejects.toThrow(`process ${process.pid} runs Postgres`);
  expect(await onPrimary("select 1 as one")).toEqual([{ one: 1 }]);
});

test("stopping leaves no process behind and a restart keeps the data", async () => {
  const pids = await Promise.all([lockedBy("primary"), lockedBy("replica")]);
  await postgres.stop();
  await expectEnded(pids);
  postgres = await start();
  expect(await harboursOnReplica()).toContain("Piraeus");
});

test("a taken port is named together with its setting", async () => {
  await postgres.stop();
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const address = holder.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  await expect(start({ port })).rejects.toThrow(new RegExp(`:${port} .* set port to another`));
  await expect(start({ replicaPort: port })).rejects.toThrow(
    new RegExp(`:${port} .* set replicaPort to another`),
  );
  holder.close();
  postgres = await start();
});

test("Postgres ends soon after its supervisor is killed, and what was committed is there again", async () => {
  await postgres.stop();
  const { supervisor, port } = await startSupervisor();
  const pids = await Promise.all([lockedBy("primary"), lockedBy("replica")]);
  await query(port, "insert into harbours values ('Trieste')");
  await kill(supervisor);
  await vi.waitFor(() => expectEnded(pids), patience);
  postgres = await start();
  expect(await onPrimary("select name from harbours where name = 'Trieste'")).toHaveLength(1);
});

test("a start right after the supervisor was killed waits for its Postgres to end", async () => {
  await postgres.stop();
  const { supervisor } = await startSupervisor();
  await kill(supervisor);
  postgres = await start();
  expect(await harboursOnReplica()).toContain("Piraeus");
});

test("a Postgres that nobody watches is ended by the next start", async () => {
  await postgres.stop();
  const binaries = await findBinaries();
  const [program, ...words] = withPrefix(binaries, binaries.postgres);
  const settings = ["-c", "unix_socket_directories=", "-p", String(await claimPort(0, "port"))];
  const orphan = spawn(program, [...words, "-D", join(stateFolder, "primary"), ...settings], {
    stdio: "ignore",
  });
  await vi.waitFor(async () => expect(await lockedBy("primary")).toBe(orphan.pid), patience);
  const ended = once(orphan, "exit");
  postgres = await start();
  expect(await ended).toEqual([0, null]);
});

test("data committed before primary and replica are killed outright is there again", async () => {
  await onPrimary("insert into harbours values ('Genoa')");
  const pids = await Promise.all([lockedBy("replica"), lockedBy("primary")]);
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await vi.waitFor(() => expectEnded(pids), patience);
  postgres = await start();
  await postgres.replicaCaughtUp();
  expect(await harboursOnReplica()).toContain("Genoa");
});

test("a lock file that names some other program does not block the start", async () => {
  await postgres.stop();
  await writeFile(join(stateFolder, "primary", "postmaster.pid"), `${process.ppid}\n/elsewhere\n`);
  postgres = await start();
  expect(await onPrimary("select 1 as one")).toEqual([{ one: 1 }]);
});

test("a replica whose WAL is no longer kept is made anew", async () => {
  await postgres.stop();
  await rm(join(stateFolder, "primary", "pg_replslot", "replica"), { recursive: true });
  postgres = await start();
  await onPrimary("insert into harbours values ('Split')");
  await postgres.replicaCaughtUp();
  expect(await harboursOnReplica()).toContain("Split");
});

test("half-made folders of a killed first start are made anew", async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "tradewind-postgres-half-")));
  for (const name of ["primary.partial-1", "replica.partial", "replica"]) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "PG_VERSION"), "18\n");
  }
  const other = await startPostgres({ port: 0, replicaPort: 0, stateFolder: folder, log: ignore });
  expect(await query(other.replica.port, "select pg_is_in_recovery() as copies")).toEqual([{ copies: true }]);
  expect(existsSync(join(folder, "primary.partial-1"))).toBe(false);
  await other.stop();
  await rm(folder, { recursive: true });
});

function start(ports: { port?: number; replicaPort?: number } = {}): Promise<RunningPostgres> {
  return startPostgres({ port: 0, replicaPort: 0, ...ports, stateFolder, log: ignore });
}

function ignore(): void {}

async function startSupervisor(): Promise<{ supervisor: ChildProcess; port: number }> {
  const supervisor = spawn(process.execPath, [HOLDER, stateFolder], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(supervisor.stdout, "data");
  return { supervisor, port: Number(new URL(String(line).trim()).port) };
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

async function expectEnded(pids: number[]): Promise<void> {
  expect(await Promise.all(pids.map(findProcess))).toEqual(pids.map(() => undefined));
}

async function lockedBy(name: "primary" | "replica"): Promise<number> {
  return Number((await readFile(join(stateFolder, name, "postmaster.pid"), "utf8")).split("\n")[0]);
}

function onPrimary(sql: string): Promise<unknown[]> {
  return query(postgres.primary.port, sql);
}

async function harboursOnReplica(): Promise<unknown[]> {
  const rows = await query(postgres.replica.port, "select array_agg(name) as names from harbours");
  const [row] = rows;
  return row !== null && typeof row === "object" && "names" in row && Array.isArray(row.names)
    ? row.names
    : [];
}

async function query(port: number, sql: string): Promise<unknown[]> {
  const url = new URL(postgres.url);
  url.port = String(port);
  const client = new Client(url.href);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
