import { expect, test } from "vitest";
import { z } from "zod";
import { productFilters } from "#features/catalog/list-filters";
import { refuseInvalid } from "#http/problem";

const Query = z.object({ option: productFilters.option });

function faultsOf(query: unknown) {
  const { error } = Query.safeParse(query);
  return refuseInvalid("query", error?.issues ?? []).extras.errors?.map(
    ({ pointer, code }) => `${pointer} ${code}`,
  );
}

test("of a value that may be one or several, the shape that was meant is judged, and each fault told once", () => {
  expect(faultsOf({ option: "Red" })).toEqual(["/query/option invalid_format"]);
  expect(faultsOf({ option: ["Size:M", "Red"] })).toEqual(["/query/option/1 invalid_format"]);
  expect(faultsOf({ option: Array(21).fill("Size:M") })).toEqual(["/query/option too_big"]);
});

test("of a value that is of none of the shapes, all are told", () => {
  expect(faultsOf({ option: 1 })).toEqual(["/query/option invalid_type", "/query/option invalid_type"]);
});
