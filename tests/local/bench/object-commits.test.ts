import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commitsIn, watchObjectCommits } from "../../../local/bench/object-commits.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tradewind-commits-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function openObject(className: string, file: string): Promise<DatabaseSync> {
  await mkdir(join(folder, `bench-${className}`), { recursive: true });
  const database = new DatabaseSync(join(folder, `bench-${className}`, file));
  database.exec("pragma journal_mode = wal; create table carts (id integer primary key, note text)");
  return database;
}

test("each commit of an object counts once, however much it wrote", async () => {
  const cart = await openObject("CartObject", "1.sqlite");
  const commits = await watchObjectCommits(folder);
  cart.exec("insert into carts (note) values ('a')");
  cart.exec(`begin; insert into carts (note) values ('${"b".repeat(20_000)}'); delete from carts; commit`);
  const alarms = await openObject("CartObject", "metadata.sqlite");

  expect(await commits.stop()).toEqual({ CartObject: 2, "CartObject alarms": 1 });
  cart.close();
  alarms.close();
});

test("what is left in a log of its run before the last checkpoint does not count again", async () => {
  const cart = await openObject("CartObject", "1.sqlite");
  for (let row = 0; row < 5; row += 1) cart.exec("insert into carts (note) values ('a')");
  cart.exec("pragma wal_checkpoint(restart); insert into carts (note) values ('a')");

  const log = await readFile(join(folder, "bench-CartObject", "1.sqlite-wal"));
  expect(commitsIn(log).commits).toBe(1);
  cart.close();
});
