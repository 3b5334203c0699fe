import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { migrate } from "#local/migrate";
import { inDatabase } from "../../in-database.ts";
import { stack } from "../../stack.ts";

/** A shop's database of its own, with two admins, and two connections to it. */
let ann: Client;
let bob: Client;

beforeEach(async () => {
  const name = `admins_${randomUUID().replaceAll("-", "")}`;
  await inDatabase(`create database ${name}`, []);
  const connectionString = new URL(`/${name}`, stack().services.postgres).href;
  await migrate(connectionString);
  [ann, bob] = [new Client({ connectionString }), new Client({ connectionString })];
  await Promise.all([ann.connect(), bob.connect()]);
  await ann.query(
    `insert into users (id, email, name, role) values
      ('ann', 'ann@shop.example', 'Ann', 'admin'), ('bob', 'bob@shop.example', 'Bob', 'admin')`,
  );
});

afterEach(async () => {
  await Promise.all([ann.end(), bob.end()]);
});

const noAdminLeft = { code: "TW003" };

async function adminsAtWork(): Promise<number> {
  const { rowCount } = await ann.query(
    `select from users join staff_members on user_id = id where role = 'admin' and suspended_at is null`,
  );
  return rowCount ?? 0;
}

const acts = {
  demoted: (id: string) => `update users set role = 'staff' where id = '${id}'`,
  dismissed: (id: string) => `update users set role = 'customer' where id = '${id}'`,
  suspended: (id: string) => `update staff_members set suspended_at = now() where user_id = '${id}'`,
  deleted: (id: string) => `delete from users where id = '${id}'`,
};

test.each(Object.entries(acts))("the last admin cannot be %s", async (_act, statement) => {
  await ann.query(statement("bob"));
  await expect(ann.query(statement("ann"))).rejects.toMatchObject(noAdminLeft);
  expect(await adminsAtWork()).toBe(1);
});

test("of two admins who demote each other at the same time, one stays", async () => {
  await Promise.all([ann.query("begin"), bob.query("begin")]);
  await ann.query(acts.demoted("bob"));
  const second = bob.query(acts.suspended("ann")).then(
    () => "done",
    (error: unknown) => error,
  );
  await ann.query("commit");
  expect(await second).toMatchObject(noAdminLeft);
  await bob.query("rollback");
  expect(await adminsAtWork()).toBe(1);
});
