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
});

