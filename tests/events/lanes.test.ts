import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { eventSchemas } from "#events/catalogue";
import { bulkTypes } from "#events/lanes";

test("the database and the code put the same events into the bulk's lane", () => {
  const migration = readFileSync("migrations/0047_outbox_in_two_lanes.sql", "utf8");
  const lists = [...migration.matchAll(/type (?:not )?in \(([^)]*'search\.canary'[^)]*)\)/g)].map(
    ([, list = ""]) => list.split(",").map((name) => name.trim().replaceAll("'", "")),
  );
  expect(lists).toHaveLength(4);
  for (const list of lists) expect(list).toEqual(bulkTypes);
});

test("whatever a buyer, a mail or money waits for is in no bulk", () => {
  const prompt = Object.keys(eventSchemas).filter((type) => !bulkTypes.some((bulk) => bulk === type));
  expect(prompt).toEqual(expect.arrayContaining(["order.paid", "mail_token.issued", "return.decided"]));
  expect(bulkTypes.filter((type) => /^(order|user|mail|return)/.test(type))).toEqual([]);
});
