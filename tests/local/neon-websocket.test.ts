import { once } from "node:events";
import { neon, Pool } from "@neondatabase/serverless";
import { sql as drizzleSql } from "drizzle-orm";
import { drizzle as drizzleHttp } from "drizzle-orm/neon-http";
import { drizzle as drizzleSockets } from "drizzle-orm/neon-serverless";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  ASLEEP,
  PRIMARY_URL,
  REPLICA_URL,
  startNeonOnPostgres,
  type NeonOnPostgres,
} from "./neon-on-postgres.ts";

let stack: NeonOnPostgres;
const primary = neon(PRIMARY_URL);
const replica = neon(REPLICA_URL);

beforeAll(async () => {
  stack = await startNeonOnPostgres();
});

afterAll(async () => {
  await stack.stop();
});

beforeEach(async () => {
  await primary`drop table if exists ports`;
  await primary`create table ports (id int primary key, name text not null unique, berths int)`;
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
  const socket = new WebSocket(`ws://${new URL(stack.neon.url).host}/v2?address=primary.localtest:5432`);
  await once(socket, "open");
  socket.send(startupThen("select pg_sleep(30)"));
  await stack.sessions(ASLEEP, 1);
  socket.close();
  await stack.sessions(ASLEEP, 0);
});

test("a WebSocket to an unknown host is refused", async () => {
  const socket = new WebSocket(`ws://${new URL(stack.neon.url).host}/v2?address=elsewhere:5432`);
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
  await fetch(`${stack.neon.url}/_local/stats/reset`, { method: "POST" });
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
  const report: unknown = await (await fetch(`${stack.neon.url}/_local/stats`)).json();
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
