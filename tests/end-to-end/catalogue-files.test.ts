import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type OwnStack, startOwnStack } from "../own-stack.ts";
import { createShopClient } from "../shop-client.ts";

let stack: OwnStack;
let token: string;
beforeAll(async () => {
  stack = await startOwnStack();
  token = await createShopClient(stack.addresses.api).adminToken();
});
afterAll(() => stack.end());

const formats = { csv: "text/csv", json_lines: "application/x-ndjson" } as const;
type Format = keyof typeof formats;

const Report = z.looseObject({
  created: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  refused: z.int(),
  refusals: z.array(z.unknown()),
});

async function exported(format: Format): Promise<string> {
  const response = await fetch(`${stack.addresses.api}/admin/products/export?format=${format}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect([response.status, response.headers.get("content-type")]).toEqual([
    200,
    `${formats[format]}; charset=utf-8`,
  ]);
  return response.text();
}

async function imported(format: Format, body: string): Promise<z.infer<typeof Report>> {
  const response = await fetch(`${stack.addresses.api}/admin/products/import`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": formats[format] },
    body,
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`the import answered ${JSON.stringify(answer)}`);
  return Report.parse(answer);
}

async function post(path: string, json: unknown): Promise<void> {
  const { request } = createShopClient(stack.addresses.api);
  const answer = await request(path, { method: "POST", token, json });
  if (answer.status !== 201) throw new Error(`${path} answered ${JSON.stringify(answer.body)}`);
}

/** Asks the primary. */
async function inShop(statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: stack.addresses.services.postgres });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

async function emptyTheShop(): Promise<void> {
  await inShop("truncate products, variants, categories, attribute_definitions, stock_levels cascade");
}

const nasty = 'A "quoted", comma; 🧵\u{1F468}\u200D\u{1F469}\u200D\u{1F467} Ünïcode – 日本語 عربى';

/** What a product file can get wrong, made by both ways into the catalogue. */
async function fillTheShop(): Promise<void> {
  await imported(
    "csv",
    [
      "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Variant SKU,Variant Price,Variant Inventory Qty,Variant Barcode,Variant Grams,Image Src,Image Alt Text",
      `plain,"Plain, ${nasty.replaceAll('"', '""')}","<p>One</p>\r\n<ul><li>a &amp; b</li></ul>\n","Alder ""A""",Apparel > Jackets & Co,Rain,"a, b c",P-1,10.5,7,''0012,420,https://images.example/a.jpg,"front, ""left"""`,
      `plain,,,,,,,,,,,,https://images.example/b.jpg,`,
      `plain,,,,,,,,,,,,/local/c.jpg,`,
    ].join("\n"),
  );
  for (const definition of [
    { key: "fabric", title: nasty, applies_to: "product", type: "choice", choices: ["wool", "silk, raw"] },
    { key: "seasons", title: "Seasons", applies_to: "product", type: "choices", choices: ["spring", "fall"] },
    { key: "waterproof", title: "Waterproof", applies_to: "product", type: "boolean" },
    { key: "length_cm", title: "Length", applies_to: "variant", type: "number" },
    { key: "care", title: "Care", applies_to: "variant", type: "text" },
  ])
    await post("/admin/attributes", definition);
  await describeCategory("apparel", {
    description: nasty,
    position: 3,
    metadata: { zeta: nasty, alpha: "a" },
  });
  await describeCategory("apparel/jackets-co", {
    image: { url: "https://images.example/jackets.jpg?a=1,2", alt: nasty },
  });
  const options = [
    { name: "Size", values: ["XL", "S", "M", "L", "never made"] },
    { name: 'Colour, "true"', values: ["Navy", "Moss", "Rust", "Sand", "Slate"] },
    { name: "Länge", values: ["1", "2", "3", "4", "5"] },
  ];
  const variants = options[0]?.values.slice(0, 4).flatMap((size) =>
    (options[1]?.values ?? []).flatMap((colour) =>
      (options[2]?.values ?? []).map((length, index) => ({
        sku: `M-${size}-${colour}-${length}`,
        options: { Size: size, 'Colour, "true"': colour, Länge: length },
        price: 1000 + index,
        compare_at_price: index === 0 ? 2000 : null,
        image_url: index === 1 ? "https://images.example/variant.jpg" : null,
        weight_grams: index * 100,
        ...(index === 2 ? { title: `Named ${nasty} ${size} ${colour}`, initial_quantity: 3 } : {}),
        attributes: index === 3 ? { length_cm: 12.5, care: `line 1\u00A0${nasty}` } : {},
        metadata: index === 4 ? { "erp id": "4711\nnext line", empty: "" } : {},
      })),
    ),
  );
  await post("/admin/products", {
    title: nasty,
    handle: "many-日本",
    status: "active",
    description: `<h2>${nasty}</h2>\n<script>alert(1)</script><p>a < b && c > d</p>  `,
    brand: null,
    tags: ["one", "zwei ü"],
    categories: ["apparel/jackets-co"],
    options,
    variants,
    images: [
      { url: "https://images.example/1.jpg", alt: nasty },
      { url: "https://images.example/2.jpg?x=1,2&y=%22", alt: "" },
    ],
    attributes: { fabric: "silk, raw", seasons: ["fall", "spring"], waterproof: false },
    metadata: { zeta: '{"json":"inside"}', alpha: nasty },
  });
  for (const [currency, price] of [
    ["KWD", 1234567],
    ["JPY", 500],
    ["USD", 5],
  ] as const)
    await post("/admin/products", {
      title: `Priced in ${currency}`,
      handle: `priced-${currency.toLowerCase()}`,
      status: currency === "JPY" ? "archived" : "draft",
      currency,
      variants: [{ sku: `C-${currency}`, price, compare_at_price: price + 1, barcode: "=1+2" }],
    });
}

async function categories() {
  return inShop(
    "select handle, title, description, image, position, metadata from categories order by handle",
  );
}

async function describeCategory(handle: string, patch: Record<string, unknown>): Promise<void> {
  const [row] = await inShop(`select id, version from categories where handle = '${handle}'`);
  const response = await fetch(`${stack.addresses.api}/admin/categories/${String(row?.["id"])}`, {
    method: "PATCH",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/merge-patch+json",
      "if-match": `"v${String(row?.["version"])}"`,
    },
    body: JSON.stringify(patch),
  });
  expect(response.status).toBe(200);
}

test("what is exported, imported into an empty shop and exported again is the same byte for byte", async () => {
  await fillTheShop();
  const before = { csv: await exported("csv"), json_lines: await exported("json_lines") };
  expect(before.json_lines.trimEnd().split("\n")).toHaveLength(5);
  expect(before.csv).toContain("1234.567");
  const categoriesBefore = await categories();
  expect(categoriesBefore).toMatchObject([{ description: nasty, position: 3 }, { image: { alt: nasty } }]);
  for (const format of ["csv", "json_lines"] as const) {
    await emptyTheShop();
    const report = await imported(format, before[format]);
    expect(report).toMatchObject({ created: 5, refused: 0, refusals: [] });
    expect(await categories()).toEqual(categoriesBefore);
    expect(await exported("csv")).toBe(before.csv);
    expect(await exported("json_lines")).toBe(before.json_lines);
    expect(await imported(format, before[format])).toMatchObject({ created: 0, updated: 0, unchanged: 5 });
  }
});

/** Somebody who makes a product of this handle at the same time: an import waits there for what becomes of it. */
async function beginProduct(handle: string): Promise<{ giveUp: () => Promise<void> }> {
  const client = new Client({ connectionString: stack.addresses.services.postgres });
  await client.connect();
  await client.query("begin");
  await client.query(
    `insert into products (id, handle, title, status, currency, price_min, price_max)
     values ('prd_rival', $1, 'Rival', 'draft', 'USD', 1, 1)`,
    [handle],
  );
  return { giveUp: () => client.end() };
}

test("an import whose Worker dies half-way is finished by repeating it, with no product and no unit twice", async () => {
  await emptyTheShop();
  const rows = Array.from({ length: 1_200 }, (_, index) => `k${index},Kill ${index},K-${index},1.00,3`);
  const file = ["Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty", ...rows].join("\n");
  const rival = await beginProduct("k700");
  const broken = imported("csv", file).then(
    () => "finished",
    () => "broken",
  );
  await expect
    .poll(async () => Number((await inShop("select count(*) from products"))[0]?.["count"]), {
      timeout: 60_000,
      interval: 10,
    })
    .toBeGreaterThanOrEqual(100);
  await stack.kill("worker", "SIGKILL");
  expect(await broken).toBe("broken");
  await rival.giveUp();
  await stack.restart("worker");
  const report = await imported("csv", file);
  expect(report.created).toBeLessThan(1_200);
  expect(report.created + report.unchanged).toBe(1_200);
  expect(await imported("csv", file)).toMatchObject({ created: 0, updated: 0, unchanged: 1_200 });
  const [sums] = await inShop(`
    select (select count(*) from products)::integer as products, (select count(*) from variants)::integer as variants,
      (select sum(available) from stock_levels)::integer as units`);
  expect(sums).toEqual({ products: 1_200, variants: 1_200, units: 3_600 });
});
