import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import { openDatabase } from "#local/queue/database";
import { createWriter } from "#local/queue/writer";
import { temporaryFolder } from "./queue-setup.ts";

function openNumbers() {
  const database = new DatabaseSync(":memory:");
  database.exec("create table numbers (n integer not null)");
  onTestFinished(() => database.close());
  const insert = database.prepare("insert into numbers values (?)");
  const numbers = () =>
    database
      .prepare("select n from numbers order by n")
      .all()
      .map(({ n }) => n);
  return { write: createWriter(database), insert: (n: number | null) => insert.run(n), numbers };
}

it("undoes the write that throws and keeps the others of its group", async () => {
  const { write, insert, numbers } = openNumbers();
  const outcomes = await Promise.allSettled([
    write(() => insert(1)),
    write(() => {
      insert(2);
      throw new Error("changed my mind");
    }),
    write(() => insert(3)),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(numbers()).toEqual([1, 3]);
});

it("commits a write that another asks for together with it", async () => {
  const { write, insert, numbers } = openNumbers();
  let nested: Promise<unknown> = Promise.resolve();
  await write(() => {
    insert(1);
    nested = write(() => insert(2));
  });
  expect(numbers()).toEqual([1, 2]);
  await nested;
});

it("loses none of more writes than one group holds", async () => {
  const { write, insert, numbers } = openNumbers();
  await Promise.all(Array.from({ length: 1000 }, (_, n) => write(() => insert(n))));
  expect(numbers()).toHaveLength(1000);
});

it("syncs the log to the disk at every commit", () => {
  const database = openDatabase(temporaryFolder());
  onTestFinished(() => database.close());
  expect(database.prepare("pragma journal_mode").get()).toMatchObject({ journal_mode: "wal" });
  const FULL = 2;
  expect(database.prepare("pragma synchronous").get()).toMatchObject({ synchronous: FULL });
});
