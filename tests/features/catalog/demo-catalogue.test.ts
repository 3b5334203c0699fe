import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { request } from "../../stack.ts";
import { ProductPage, importReport } from "./catalog-client.ts";

/** A replica may be a little behind. */
const patience = { timeout: 25_000, interval: 200 };

const Category = z.object({ handle: z.string(), product_count: z.number(), children: z.array(z.unknown()) });

test("the demo catalogue imports without a refusal and fills the shop", async () => {
  const file = await readFile(join(import.meta.dirname, "../../../local/demo/catalogue.csv"));
  const report = await importReport(new Uint8Array(file));
  expect(report).toMatchObject({ status: "finished", refused: 0, refusals: [] });
  expect(report.created).toBeGreaterThanOrEqual(60);
  expect(report.stock_counts).toBeGreaterThanOrEqual(180);

  await vi.waitFor(async () => {
    const tents = (await request("/products?category=camping/tents&sort=-price&limit=2")).as(ProductPage);
    expect(tents.data.map(({ title }) => title)).toEqual([
      "Homestead 6 Family Tent",
      "Lark 2 Ultralight Tent",
    ]);
    const categories = (await request("/categories")).as(z.object({ data: z.array(Category) }));
    const camping = categories.data.find(({ handle }) => handle === "camping");
    expect(camping?.children.length).toBeGreaterThanOrEqual(5);
  }, patience);
});
