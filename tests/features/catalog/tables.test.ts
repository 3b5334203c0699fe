import { getTableConfig, type PgTable } from "drizzle-orm/pg-core";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import {
  attributeDefinitions,
  categories,
  productCategories,
  productImports,
  products,
  stockLevels,
  variants,
} from "#features/catalog/tables";
import { stack } from "../../stack.ts";

const database = new Client(stack().services.postgres);
beforeAll(() => database.connect());
afterAll(() => database.end());

const Column = z.object({
  column_name: z.string(),
  is_nullable: z.enum(["YES", "NO"]),
});

/** Columns whose value the database works out are never null in effect, whatever the catalogue of Postgres says. */
const generated = new Set(["available", "rating_average"]);

/** Columns that statements compare with and never read. */
const unread = new Set(["words"]);

test.each<[string, PgTable]>([
  ["attribute_definitions", attributeDefinitions],
  ["categories", categories],
  ["product_categories", productCategories],
  ["product_imports", productImports],
  ["products", products],
  ["variants", variants],
])("the table %s is described as the migrations made it", async (name, table) => {
  const made = await columnsOf(name);
  const { columns, name: described } = getTableConfig(table);
  expect(described).toBe(name);
  const byName = (a: string, b: string) => a.localeCompare(b);
  expect(columns.map((column) => column.name).toSorted(byName)).toEqual(
    made
      .map((column) => column.column_name)
      .filter((column) => !unread.has(column))
      .toSorted(byName),
  );
  for (const column of columns.filter((each) => !generated.has(each.name))) {
    const real = made.find((each) => each.column_name === column.name);
    expect([column.name, column.notNull]).toEqual([column.name, real?.is_nullable === "NO"]);
  }
});

test("the table stock_levels, which is inventory's, has the columns that are read here", async () => {
  const made = (await columnsOf("stock_levels")).map((column) => column.column_name);
  expect(made).toEqual(expect.arrayContaining(getTableConfig(stockLevels).columns.map(({ name }) => name)));
});

async function columnsOf(table: string): Promise<z.infer<typeof Column>[]> {
  const { rows } = await database.query(
    "select column_name, is_nullable from information_schema.columns where table_name = $1",
    [table],
  );
  return z.array(Column).parse(rows);
}
