import { describe, expect, test } from "vitest";
import { z } from "zod";
import { adminToken, request } from "../../stack.ts";
import { Problem, Product, Report, importCsv, importReport, uniqueWord } from "./catalog-client.ts";

const header =
  "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Image Position,Image Alt Text,Variant Image,Gift Card,Status";

/** A jacket in two sizes and two colours with a second image, as a shop exports it. */
function jacket(word: string): string {
  const blanks = ",,,,,,";
  return [
    header,
    `jacket-${word},Jacket ${word},"<p>Keeps ""rain"" out.</p>\n<script>alert(1)</script>",Alder ${word},Apparel ${word} > Jackets,Rain Jackets,"rain, hiking",TRUE,Size,S,Colour,Navy,JK-S-NV-${word},420,5,149.00,189.00,'0123456789012,https://images.tradewind.example/a.jpg,2,Front,,FALSE,active`,
    `jacket-${word},${blanks},,S,,Moss,JK-S-MS-${word},420,0,149.00,,,https://images.tradewind.example/b.jpg,1,Back,https://images.tradewind.example/b.jpg,,`,
    `jacket-${word},${blanks},,M,,Navy,JK-M-NV-${word},440,-2,151.50,,,,,,,,`,
    `jacket-${word},${blanks},,M,,Moss,,440,7,151.50,,,,,,,,`,
  ].join("\r\n");
}

describe("importing a Shopify export", () => {
  test("a product of several rows becomes one product with its variants, images, options and categories", async () => {
    const word = uniqueWord();
    const report = await importReport(`\uFEFF${jacket(word)}\r\n`);
    expect(report).toMatchObject({
      status: "finished",
      rows_read: 4,
      created: 1,
      refused: 0,
      stock_counts: 4,
    });
    expect(report.ignored_columns).toEqual(["Gift Card"]);

    const product = (await request(`/products/jacket-${word}`)).as(Product);
    expect(product).toMatchObject({
      title: `Jacket ${word}`,
      description: "<p>Keeps &quot;rain&quot; out.</p>\n",
      brand: `Alder ${word}`,
      tags: ["rain", "hiking"],
      options: [
        { name: "Size", values: ["S", "M"] },
        { name: "Colour", values: ["Navy", "Moss"] },
      ],
      images: [
        { url: "https://images.tradewind.example/b.jpg", alt: "Back" },
        { url: "https://images.tradewind.example/a.jpg", alt: "Front" },
      ],
      price_min: { amount: 14900, currency: "USD" },
    });
    expect(product.categories.map(({ handle }) => handle)).toEqual([
      `apparel-${word}`,
      `apparel-${word}/jackets`,
    ]);
    expect(product.variants.map(({ sku, title, price }) => [sku, title, price.amount])).toEqual([
      [`JK-S-NV-${word}`, "S / Navy", 14900],
      [`JK-S-MS-${word}`, "S / Moss", 14900],
      [`JK-M-NV-${word}`, "M / Navy", 15150],
      [`JACKET-${word}-M-MOSS`.toUpperCase(), "M / Moss", 15150],
    ]);
    expect(product.variants[0]).toMatchObject({
      compare_at_price: { amount: 18900, currency: "USD" },
      barcode: "0123456789012",
      weight_grams: 420,
    });
  });

  test("the same file again changes nothing", async () => {
    const word = uniqueWord();
    await importReport(jacket(word));
    const before = (await request(`/products/jacket-${word}`)).as(Product);
    const again = await importReport(jacket(word));
    expect(again).toMatchObject({ created: 0, updated: 0, unchanged: 1, stock_counts: 0 });
    expect((await request(`/products/jacket-${word}`)).body).toMatchObject({ version: 1, id: before.id });
  });

  test("a changed file changes what it changes: variants come and go, absent columns stay, stock is not touched", async () => {
    const word = uniqueWord();
    await importReport(jacket(word));
    const before = (await request(`/products/jacket-${word}`)).as(Product);
    const changed = [
      "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Price,Variant Inventory Qty",
      `jacket-${word},Jacket ${word} II,Size,S,Colour,Navy,JK-S-NV-${word},139.00,99`,
      `jacket-${word},,,L,,Navy,JK-L-NV-${word},149.00,3`,
    ].join("\n");
    const report = await importReport(changed);
    expect(report).toMatchObject({ updated: 1, stock_counts: 1 });
    const after = await request(`/admin/products/${before.id}`, { token: await adminToken() });
    expect(after.body).toMatchObject({
      title: `Jacket ${word} II`,
      brand: `Alder ${word}`,
      tags: ["rain", "hiking"],
      version: 2,
    });
    expect(after.as(Product).variants.map(({ id, sku }) => [id, sku])).toEqual([
      [before.variants[0]?.id, `JK-S-NV-${word}`],
      [expect.any(String), `JK-L-NV-${word}`],
    ]);
  });

  test("rows that cannot be taken are refused with their reason, and the others are stored", async () => {
    const word = uniqueWord();
    const columns =
      "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty,Status";
    const report = await importReport(
      [
        columns,
        `a-${word},First,Size,S,A-${word},10.00,1,active`,
        `b-${word},Second,Size,S,A-${word},10.00,1,active`,
        `b-${word},,,M,B-M-${word},12.00,1,`,
        `b-${word},,,L,B-L-${word},cheap,1,`,
        `a-${word},,,M,A-M-${word},11.00,lots,`,
        `c-${word},,Size,S,C-${word},10.00,1,active`,
        `,Nameless,Size,S,N-${word},10.00,1,active`,
        `d-${word},Odd,Size,S,D-${word},10.00,1,sleeping`,
        ",,,,,,,",
        `e-${word},Only bad,Size,S,E-${word},-1,1,active`,
      ].join("\n"),
    );
    expect(report).toMatchObject({ status: "finished", rows_read: 10, created: 2, refused: 8 });
    expect(report.refusals.map(({ row, reason }) => `${row} ${reason}`).sort()).toEqual([
      "11 bad_price",
      "11 no_variants",
      "3 duplicate_sku",
      "5 bad_price",
      "6 bad_quantity",
      "7 missing_title",
      "8 missing_handle",
      "9 bad_status",
    ]);
    expect((await request(`/products/b-${word}`)).as(Product).variants.map(({ sku }) => sku)).toEqual([
      `B-M-${word}`,
    ]);
    const stored = await request(`/admin/products/imports/${report.id}`, { token: await adminToken() });
    expect(stored.body).toMatchObject({ ...report });
  });

  test("a client that asks for lines sees the import happen", async () => {
    const word = uniqueWord();
    const rows = Array.from(
      { length: 250 },
      (_, index) => `l${index}-${word},Line ${index},L${index}-${word},1.00`,
    );
    const file = ["Handle,Title,Variant SKU,Variant Price", ...rows, ",Nameless,,1.00"].join("\n");
    const response = await importCsv(file, "application/x-ndjson");
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = (await response.text())
      .trimEnd()
      .split("\n")
      .map((line) => Line.parse(JSON.parse(line)));
    expect(lines.map(({ type }) => type)).toEqual([
      "started",
      "progress",
      "refused",
      "progress",
      "progress",
      "finished",
    ]);
    expect(lines.at(-1)).toMatchObject({ created: 250, refused: 1, rows_read: 251 });
  });

  test("a file that breaks off half-way keeps what was stored, and the whole file finishes it", async () => {
    const word = uniqueWord();
    const rows = Array.from(
      { length: 250 },
      (_, index) => `h${index}-${word},Half ${index},H${index}-${word},1.00`,
    );
    const header = "Handle,Title,Variant SKU,Variant Price";
    const broken = [header, ...rows, `z-${word},"closed" too early,Z,1.00`, ...rows].join("\n");
    const response = await importCsv(broken);
    expect(response.status).toBe(400);
    const problem = z.object({ code: z.string(), import: Report }).parse(await response.json());
    expect(problem).toMatchObject({ code: "invalid_csv", import: { status: "failed" } });
    expect(problem.import.created).toBe(100);
    const whole = await importReport([header, ...rows].join("\n"));
    expect(whole).toMatchObject({ created: 150, unchanged: 100 });
  });

  test.each([
    ["nothing at all", ""],
    ["semicolons", "Handle;Title;Variant Price\na;A;1.00"],
    ["no header", "a,A,1.00\nb,B,2.00"],
    ["a web page", "<!doctype html><html></html>"],
    ["an open quote in the header", '"Handle,Title'],
  ])("%s is refused as no product CSV", async (_, text) => {
    const response = await importCsv(text);
    expect(response.status).toBe(400);
    expect(Problem.parse(await response.json()).code).toBe("invalid_csv");
  });

  test("another media type is refused, and customers may not import", async () => {
    const call = { method: "POST", json: {}, token: await adminToken() };
    expect((await request("/admin/products/import", call)).status).toBe(415);
    expect((await request("/admin/products/import", { method: "POST", json: {} })).status).toBe(401);
  });
});

const Line = z.looseObject({ type: z.string() });
