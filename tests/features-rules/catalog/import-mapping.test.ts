import { describe, expect, test } from "vitest";
import { type Header, readHeader } from "#features/catalog/import-columns";
import { createGrouping, groupingLimits } from "#features/catalog/import-grouping";
import { type Mapped, mapProduct } from "#features/catalog/import-mapping";

function headerOf(columns: string): Header {
  const outcome = readHeader(columns.split(","));
  if (!outcome.ok) throw new Error(outcome.detail);
  return outcome.header;
}

/** The first product of these rows. */
function mapped(columns: string, ...rows: string[]): Mapped {
  const header = headerOf(columns);
  const numbered = rows.map((row, index) => ({ number: index + 2, cells: row.split(",") }));
  return mapProduct(header, { handle: "thing", rows: numbered }, "USD");
}

describe("the header", () => {
  test("older and newer names of the columns are known, in any case and order", () => {
    const old = headerOf("Handle,Title,Variant Price,Variant SKU,Body (HTML)");
    const recent = headerOf("Title,URL handle,Price,SKU,Description");
    expect([...old.places.keys()].toSorted()).toEqual([...recent.places.keys()].toSorted());
    expect(headerOf("HANDLE, title ,variant price").ignored).toEqual([]);
  });

  test("columns that are not taken are named", () => {
    expect(headerOf("Handle,Title,Variant Price,Google Shopping / Gender,Title").ignored).toEqual([
      "Google Shopping / Gender",
      "Title",
    ]);
  });

  test("a file without the needed columns is refused, and a wrong separator guessed", () => {
    expect(readHeader(["Handle", "Title"])).toMatchObject({ ok: false });
    expect(readHeader(["Handle;Title;Variant Price"])).toMatchObject({
      detail: expect.stringContaining("semicolons"),
    });
    expect(readHeader(["Handle\tTitle"])).toMatchObject({ detail: expect.stringContaining("tabs") });
  });
});

describe("grouping rows", () => {
  const header = headerOf("Handle,Title,Variant Price");
  const row = (number: number, handle: string) => ({ number, cells: [handle, "t", "1"] });

  test("rows of a product that stand apart come together", () => {
    const grouping = createGrouping(header);
    for (const [index, handle] of ["a", "b", "A", "c", "b"].entries()) grouping.add(row(index + 2, handle));
    expect(
      [...grouping.finish()].map(({ handle, rows }) => [handle, rows.map((each) => each.number)]),
    ).toEqual([
      ["a", [2, 4]],
      ["b", [3, 6]],
      ["c", [5]],
    ]);
  });

  test("a row that comes after too many other products is refused", () => {
    const grouping = createGrouping(header);
    const complete = [];
    for (let index = 0; index <= groupingLimits.openProductsMax; index++)
      complete.push(...grouping.add(row(index + 2, `p${index}`)).complete);
    expect(complete.map(({ handle }) => handle)).toEqual(["p0"]);
    expect(grouping.add(row(200, "p0")).refused).toMatchObject([{ row: 200, reason: "rows_too_far_apart" }]);
    expect(grouping.add(row(201, "p1")).refused).toEqual([]);
  });

  test("blank rows are passed over; rows without a handle, too long or not UTF-8 are refused", () => {
    const grouping = createGrouping(header);
    const reason = (cells: string[]) => grouping.add({ number: 2, cells }).refused[0]?.reason;
    expect(reason(["", " ", ""])).toBeUndefined();
    expect(reason([""])).toBeUndefined();
    expect(reason(["", "t", "1"])).toBe("missing_handle");
    expect(reason(["a", "t", "1", "more"])).toBe("too_many_cells");
    expect(reason(["a", "caf\uFFFD", "1"])).toBe("not_utf8");
    expect(reason(["a", "t", "1", ""])).toBeUndefined();
  });
});

describe("making a product of rows", () => {
  const columns = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price";

  test("without a column nothing is said about it, with a blank cell that it is empty", () => {
    const absent = mapped(columns, "thing,Thing,,,S,1.00").product;
    expect(absent).toMatchObject({
      brand: undefined,
      description: undefined,
      images: undefined,
      status: undefined,
    });
    const blank = mapped(
      `${columns},Vendor,Body (HTML),Image Src,Status`,
      "thing,Thing,,,S,1.00,,,,",
    ).product;
    expect(blank).toMatchObject({ brand: null, description: "", images: [], status: undefined });
  });

  test("a product without options has one default variant", () => {
    const { product } = mapped(columns, "thing,Thing,Title,Default Title,,1.00");
    expect(product).toMatchObject({
      options: [],
      variants: [{ title: "Default Title", options: {}, sku: "THING", price: 100 }],
    });
  });

  test.each([
    ["19.99", 1999],
    ["19.9", 1990],
    ["19", 1900],
    ["0.00", 0],
    ["19.990", 1999],
  ])("a price of %s is %i", (text, minor) => {
    expect(mapped(columns, `thing,Thing,,,S,${text}`).product?.variants[0]?.price).toBe(minor);
  });

  test.each(["19.999", "$19.99", "1e3", "-1", "", "abc", "19.", ".5"])("%s is no price", (text) => {
    const { product, refused } = mapped(columns, `thing,Thing,,,S,${text}`);
    expect(product).toBeUndefined();
    expect(refused.map(({ reason }) => reason)).toEqual(["bad_price", "no_variants"]);
  });

  test.each([
    ["active", "TRUE", "active"],
    ["active", "FALSE", "draft"],
    ["", "TRUE", "active"],
    ["", "false", "draft"],
    ["Draft", "TRUE", "draft"],
    ["archived", "TRUE", "archived"],
  ])("status %s published %s is %s", (status, published, expected) => {
    const row = `thing,Thing,,,S,1.00,${status},${published}`;
    expect(mapped(`${columns},Status,Published`, row).product?.status).toBe(expected);
  });

  test("generated SKUs are the same every time and tell variants apart", () => {
    const skus = (rows: string[]) => mapped(columns, ...rows).product?.variants.map(({ sku }) => sku);
    const rows = ["thing,Thing,Shape,★,,1.00", "thing,,,☆,,1.00", "thing,,,Wide Brim,,1.00"];
    const first = skus(rows);
    expect(new Set(first).size).toBe(3);
    expect(first?.[2]).toBe("THING-WIDE-BRIM");
    expect(skus(rows)).toEqual(first);
  });

  test("repeated options, repeated SKUs and missing values refuse their row only", () => {
    const { product, refused } = mapped(
      columns,
      "thing,Thing,Size,S,A,1.00",
      "thing,,,S,B,1.00",
      "thing,,,M,A,1.00",
      "thing,,,,C,1.00",
      "thing,,,L,D,1.00",
    );
    expect(product?.variants.map(({ sku }) => sku)).toEqual(["A", "D"]);
    expect(product?.options).toEqual([{ name: "Size", values: ["S", "L"] }]);
    expect(refused.map(({ row, reason }) => [row, reason])).toEqual([
      [3, "duplicate_options"],
      [4, "duplicate_sku"],
      [5, "missing_option"],
    ]);
  });

  test("a category path is cut into steps, and the type serves where there is none", () => {
    const withPath = mapped(
      `${columns},Product Category,Type`,
      "thing,Thing,,,S,1.00,Home & Garden > Lamps,Lamp",
    );
    expect(withPath.product?.categories).toEqual([
      { handle: "home-garden", title: "Home & Garden", parentHandle: null },
      { handle: "home-garden/lamps", title: "Lamps", parentHandle: "home-garden" },
    ]);
    const withType = mapped(`${columns},Product Category,Type`, "thing,Thing,,,S,1.00,,Desk Lamp");
    expect(withType.product?.categories?.map(({ handle }) => handle)).toEqual(["desk-lamp"]);
  });

  test("scripts in addresses of images are no images", () => {
    const { product } = mapped(
      `${columns},Image Src`,
      "thing,Thing,,,S,1.00,javascript:alert(1)",
      "thing,,,,,,/a.jpg",
    );
    expect(product?.images).toEqual([{ url: "/a.jpg", alt: "" }]);
  });
});
