import { once } from "node:events";
import { request } from "node:http";
import { neon } from "@neondatabase/serverless";
import { Client } from "pg";
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
  await stack.sessions("state like 'idle in transaction%'", 0);
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
  await stack.postgres.replicaCaughtUp();
  await stack.postgres.pauseReplay();
  await primary`insert into ports values (1, 'Bari')`;
  expect(await replica`select name from ports`).toEqual([]);
  await stack.postgres.resumeReplay();
  await stack.postgres.replicaCaughtUp();
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
  const call = request(`${stack.neon.url}/sql`, { method: "POST", headers });
  call.end(body);
  await stack.sessions(ASLEEP, 1);
  const refused = once(call, "error");
  call.destroy();
  await refused;
  await stack.sessions(ASLEEP, 0);
});

test("connections that Postgres ended are replaced", async () => {
  await primary`select 1`;
  const admin = new Client(stack.postgres.url);
  await admin.connect();
  await admin.query(
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
  );
  await admin.end();
  expect(await primary`select 1 as one`).toEqual([{ one: 1 }]);
});
