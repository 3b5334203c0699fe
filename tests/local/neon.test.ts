import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import { sql as drizzleSql } from "drizzle-orm";
import { drizzle as drizzleHttp } from "drizzle-orm/neon-http";
import { drizzle as drizzleSockets } from "drizzle-orm/neon-serverless";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { startNeon } from "#local/neon/neon";
import { startPostgres, type RunningPostgres } from "#local/postgres/postgres";
import type { RunningService } from "#local/service";

const PRIMARY_URL = "postgresql://tradewind:tradewind@primary.localtest/tradewind";
const ASLEEP = "wait_event = 'PgSleep'";
const REPLICA_URL = "postgresql://tradewind:tradewind@replica.localtest/tradewind";

let stateFolder: string;
let postgres: RunningPostgres;
let service: RunningService;
const primary = neon(PRIMARY_URL);
const replica = neon(REPLICA_URL);

beforeAll(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), "tradewind-neon-"));
  postgres = await startPostgres({ port: 0, replicaPort: 0, stateFolder, log: ignore });
  service = await startNeon({
    port: 0,
    stateFolder,
    log: ignore,
    hosts: { "primary.localtest": postgres.primary, "replica.localtest": postgres.replica },
  });
  neonConfig.fetchEndpoint = `${service.url}/sql`;
  neonConfig.wsProxy = (host, port) => `${new URL(service.url).host}/v2?address=${host}:${port}`;
  neonConfig.useSecureWebSocket = false;
});

afterAll(async () => {
  await service.stop();
  await postgres.stop();
  await rm(stateFolder, { recursive: true });
});

beforeEach(async () => {
  await primary`drop table if exists ports`;
  await primary`create table ports (id int primary key, name text not null unique, berths int)`;
});

test("values of every kind make the round trip", async () => {
  const [row] = await primary`select
    ${"9007199254740993"}::int8 as big, ${"12345.6700"}::numeric as money, ${{ a: [1, null] }}::jsonb as document,
    ${new Date("2026-03-01T12:00:00.123Z")}::timestamptz as instant, ${["a,b", 'say "hi"', null]}::text[] as words,
    ${Buffer.from([0, 255, 10])}::bytea as bytes, ${null}::text as nothing, ${true}::bool as flag,
    ${42}::int4 as number, ${"Ünï → 🚢"} as text, ${[
      [1, 2],
      [3, 4],
    ]}::int[] as grid`;
  expect(row).toEqual({
    big: "9007199254740993",
    money: "12345.6700",
    document: { a: [1, null] },
    instant: new Date("2026-03-01T12:00:00.123Z"),
    words: ["a,b", 'say "hi"', null],
    bytes: Buffer.from([0, 255, 10]),
    nothing: null,
    flag: true,
    number: 42,
    text: "Ünï → 🚢",
    grid: [
      [1, 2],
      [3, 4],
    ],
  });
});

test("a full result tells the command, the number of rows and the fields", async () => {
  const full = neon(PRIMARY_URL, { fullResults: true, arrayMode: true });
  expect(await full`insert into ports values (1, 'Bari'), (2, 'Brest') returning id`).toMatchObject({
    command: "INSERT",
    rowCount: 2,
    rows: [[1], [2]],
    fields: [{ name: "id", dataTypeID: 23, columnID: 1, format: "text" }],
  });
  expect(await full`create temp table fleeting ()`).toMatchObject({
    command: "CREATE",
    rowCount: null,
    rows: [],
  });
  expect(await full.query("")).toMatchObject({ command: "", rows: [] });
});

test("an error carries everything that Postgres said", async () => {
  await primary`insert into ports values (1, 'Bari')`;
  await expect(primary`insert into ports values (2, 'Bari')`).rejects.toMatchObject({
    name: "NeonDbError",
    code: "23505",
    severity: "ERROR",
    constraint: "ports_name_key",
    table: "ports",
    schema: "public",
    detail: "Key (name)=(Bari) already exists.",
  });
  await expect(primary`select nonsense`).rejects.toMatchObject({ code: "42703", position: "8" });
});

test("a failing batch leaves nothing behind", async () => {
  await expect(
    primary.transaction([
      primary`insert into ports values (1, 'Bari')`,
      primary`insert into ports values (2, 'Bari')`,
      primary`insert into ports values (3, 'Brest')`,
    ]),
  ).rejects.toMatchObject({ code: "23505" });
  expect(await primary`select count(*)::int as ports from ports`).toEqual([{ ports: 0 }]);
});

test("a constraint that is checked at commit fails the batch", async () => {
  await primary`alter table ports add unique (berths) deferrable initially deferred`;
  const insert = (id: number) => primary`insert into ports values (${id}, ${`port ${id}`}, 7)`;
  await expect(primary.transaction([insert(1), insert(2)])).rejects.toMatchObject({ code: "23505" });
  expect(await primary`select count(*)::int as ports from ports`).toEqual([{ ports: 0 }]);
});

test("a batch runs in the kind of transaction that it asks for", async () => {
  const settings = () => primary`select current_setting('transaction_isolation') as isolation,
    current_setting('transaction_read_only') as read_only, current_setting('transaction_deferrable') as deferrable`;
  const [asked] = await primary.transaction([settings()], {
    isolationLevel: "Serializable",
    readOnly: true,
    deferrable: true,
  });
  expect(asked).toEqual([{ isolation: "serializable", read_only: "on", deferrable: "on" }]);
  const [usual] = await primary.transaction([settings()]);
  expect(usual).toEqual([{ isolation: "read committed", read_only: "off", deferrable: "off" }]);
});

test("two statements in one text are refused", async () => {
  await expect(primary.query("select 1; drop table ports")).rejects.toMatchObject({ code: "42601" });
});

test("a transaction left open or a changed setting never reaches the next request", async () => {
  await primary`begin`;
  await primary`set statement_timeout = 1234`;
  await sessions("state like 'idle in transaction%'", 0);
  const timeouts = await Promise.all(
    Array.from({ length: 5 }, () => primary`select current_setting('statement_timeout') as timeout`),
  );
  expect(timeouts.flat()).toEqual(Array.from({ length: 5 }, () => ({ timeout: "0" })));
});

test("a statement that ran before a schema change runs after it", async () => {
  const everything = () => primary`select * from ports where id = ${1}`;
  await primary`insert into ports values (1, 'Bari', 4)`;
  await everything();
  await primary`alter table ports alter berths type text, add column country text`;
  expect(await everything()).toEqual([{ id: 1, name: "Bari", berths: "4", country: null }]);
  const named = () => primary`select id from ports where id = ${"1"}`;
  await named();
  await primary`alter table ports alter id type text`;
  expect(await named()).toEqual([{ id: "1" }]);
  const batch = () =>
    primary.transaction([primary`select * from ports`, primary`update ports set berths = ${"5"}`]);
  await batch();
  await primary`alter table ports drop column country`;
  expect(await batch()).toEqual([[{ id: "1", name: "Bari", berths: "5" }], []]);
});

test("200 queries at a time are all answered, each with its own result", async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => primary`select ${n}::int as n`));
  expect(answers.map(([row]) => row?.n)).toEqual(Array.from({ length: 200 }, (_, n) => n));
});

test("the host name chooses the replica, which refuses to write", async () => {
  expect(await replica`select pg_is_in_recovery() as copies`).toEqual([{ copies: true }]);
  await expect(replica`create table islands ()`).rejects.toMatchObject({ code: "25006" });
});

test("a paused replica is stale until it is resumed", async () => {
  await postgres.replicaCaughtUp();
  await postgres.pauseReplay();
  await primary`insert into ports values (1, 'Bari')`;
  expect(await replica`select name from ports`).toEqual([]);
  await postgres.resumeReplay();
  await postgres.replicaCaughtUp();
  expect(await replica`select name from ports`).toEqual([{ name: "Bari" }]);
});

test("an unknown host and a wrong password are refused", async () => {
  await expect(neon(PRIMARY_URL.replace("primary", "elsewhere"))`select 1`).rejects.toThrow(
    "password authentication failed for user 'tradewind'",
  );
  await expect(neon(PRIMARY_URL.replace(":tradewind@", ":wrong@"))`select 1`).rejects.toMatchObject({
    code: "28P01",
  });
});

test("a request or an answer of more than 10 MB is refused, and its batch undone", async () => {
  const tooMuch = 11 * 1024 * 1024;
  await expect(primary`select length(${"x".repeat(tooMuch)})`).rejects.toThrow("413");
  await expect(
    primary.transaction([
      primary`insert into ports values (1, 'Bari')`,
      primary`select repeat('x', ${tooMuch}::int)`,
    ]),
  ).rejects.toThrow("507");
  expect(await primary`select * from ports`).toEqual([]);
});

test("COPY, which HTTP cannot carry, is refused", async () => {
  await expect(primary`copy ports from stdin`).rejects.toThrow("COPY FROM STDIN is not served over HTTP");
  expect(await primary`select 1 as one`).toEqual([{ one: 1 }]);
});

test("the query of a client that goes away is cancelled", async () => {
  const body = JSON.stringify({ query: "select pg_sleep(30)", params: [] });
  const headers = {
    "neon-connection-string": PRIMARY_URL,
    "neon-raw-text-output": "true",
    "neon-array-mode": "true",
  };
  const call = request(`${service.url}/sql`, { method: "POST", headers });
  call.on("error", ignore);
  call.end(body);
  await sessions(ASLEEP, 1);
  call.destroy();
  await sessions(ASLEEP, 0);
});

test("an interactive transaction over a WebSocket commits or rolls back", async () => {
  const pool = new Pool({ connectionString: PRIMARY_URL });
  const client = await pool.connect();
  await client.query("begin");
  await client.query("insert into ports values ($1, $2)", [1, "Bari"]);
  expect((await client.query("select name from ports")).rows).toEqual([{ name: "Bari" }]);
  expect(await primary`select name from ports`).toEqual([]);
  await client.query("rollback");
  await client.query("insert into ports values ($1, $2)", [2, "Brest"]);
  client.release();
  await pool.end();
  expect(await primary`select name from ports`).toEqual([{ name: "Brest" }]);
});

test("a WebSocket carries large values both ways", async () => {
  const pool = new Pool({ connectionString: PRIMARY_URL });
  const text = "ship ".repeat(1_000_000);
  const { rows } = await pool.query("select $1::text as text", [text]);
  expect(rows[0].text === text).toBe(true);
  const { rowCount } = await pool.query("select repeat('x', 1000) from generate_series(1, 20000)");
  expect(rowCount).toBe(20_000);
  await pool.end();
});

test("a WebSocket that closes takes its running query with it", async () => {
  const socket = new WebSocket(`ws://${new URL(service.url).host}/v2?address=primary.localtest:5432`);
  await once(socket, "open");
  socket.send(startupThen("select pg_sleep(30)"));
  await sessions(ASLEEP, 1);
  socket.close();
  await sessions(ASLEEP, 0);
});

test("a WebSocket to an unknown host is refused", async () => {
  const socket = new WebSocket(`ws://${new URL(service.url).host}/v2?address=elsewhere:5432`);
  const [event] = await once(socket, "error");
  expect(event.type).toBe("error");
});

test("drizzle works over HTTP and over WebSockets", async () => {
  const http = drizzleHttp(primary);
  await http.batch([
    http.execute(drizzleSql`insert into ports values (1, 'Bari')`),
    http.execute(drizzleSql`insert into ports values (2, 'Brest')`),
  ]);
  const pool = new Pool({ connectionString: PRIMARY_URL });
  const sockets = drizzleSockets(pool);
  await expect(
    sockets.transaction(async (transaction) => {
      await transaction.execute(drizzleSql`delete from ports`);
      transaction.rollback();
    }),
  ).rejects.toThrow("Rollback");
  const { rows } = await sockets.execute(drizzleSql`select count(*)::int as ports from ports`);
  expect(rows).toEqual([{ ports: 2 }]);
  await pool.end();
});

test("statements and transactions are counted by host, over HTTP and WebSockets alike", async () => {
  await fetch(`${service.url}/_local/stats/reset`, { method: "POST" });
  await primary`select 1 as single`;
  await replica`select 2 as copied`;
  await primary.transaction([primary`select 3 as first`, primary`select 4 as second`]);
  const pool = new Pool({ connectionString: PRIMARY_URL });
  const client = await pool.connect();
  await client.query("begin");
  await client.query("select $1::int as over_socket", [5]);
  await client.query("commit");
  client.release();
  await pool.end();
  const report: unknown = await (await fetch(`${service.url}/_local/stats`)).json();
  expect(report).toEqual({
    statements: 7,
    transactions: 4,
    by_host: {
      "primary.localtest": { statements: 6, transactions: 3 },
      "replica.localtest": { statements: 1, transactions: 1 },
    },
    recent: [
      { host: "primary.localtest", sql: "select 1 as single" },
      { host: "replica.localtest", sql: "select 2 as copied" },
      { host: "primary.localtest", sql: "select 3 as first" },
      { host: "primary.localtest", sql: "select 4 as second" },
      { host: "primary.localtest", sql: "begin" },
      { host: "primary.localtest", sql: "select $1::int as over_socket" },
      { host: "primary.localtest", sql: "commit" },
    ],
  });
});

function ignore(): void {}

const Sessions = z.tuple([z.object({ sessions: z.number() })]);

/** Waits until so many sessions of Postgres are like this; looks from outside of the service. */
async function sessions(condition: string, expected: number): Promise<void> {
  const client = new Client(postgres.url);
  await client.connect();
  await vi.waitFor(async () => {
    const { rows } = await client.query(
      `select count(*)::int as sessions from pg_stat_activity where ${condition}`,
    );
    expect(Sessions.parse(rows)[0].sessions).toBe(expected);
  }, 5_000);
  await client.end();
}

/** What a Postgres client sends to log in and run one query, all at once. */
function startupThen(query: string): Buffer {
  const parameters = "user\0tradewind\0database\0tradewind\0\0";
  const startup = Buffer.alloc(8);
  startup.writeInt32BE(8 + parameters.length, 0);
  startup.writeInt32BE(196_608, 4);
  return Buffer.concat([startup, Buffer.from(parameters), message("p", "tradewind"), message("Q", query)]);
}

function message(type: string, text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + text.length + 1);
  return Buffer.concat([Buffer.from(type), length, Buffer.from(`${text}\0`)]);
}
