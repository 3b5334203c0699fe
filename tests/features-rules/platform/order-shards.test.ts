import { expect, test } from "vitest";
import { OrderDatabases, OrderShards, describeShards } from "#platform/order-shards";

const faultOf = (text: string) => OrderShards.safeParse(text).error?.issues.map(({ message }) => message);

test("a map of shards gives every shard its one home", () => {
  const homes = OrderShards.parse("512-1023=east, 0-510=home,511=west");
  expect([homes[0], homes[510], homes[511], homes[512], homes[1023]]).toEqual([
    "home",
    "home",
    "west",
    "east",
    "east",
  ]);
  expect(homes).toHaveLength(1024);
});

test("a map is written as it is read", () => {
  const text = "0-510=home,511-511=west,512-1023=east";
  expect(describeShards(OrderShards.parse(text))).toBe(text);
});

test("a map that leaves shards out, names one twice or is none says what is wrong", () => {
  expect(faultOf("0-511=home")).toEqual(["shard 512 has no home"]);
  expect(faultOf("0-600=home,600-1023=east")).toEqual([
    '"600-1023=east" names shards that another range names too',
  ]);
  expect(faultOf("0-1024=home")).toEqual(['"0-1024=home" is no range such as 0-511=home within 0-1023']);
  expect(faultOf("700-600=home")).toHaveLength(1);
  expect(faultOf("")).toHaveLength(1);
});

test("databases of orders have names of their own, and none is called like the primary", () => {
  const url = "postgresql://a:b@east.example/shop";
  expect(OrderDatabases.safeParse([{ name: "east", url }]).success).toBe(true);
  const refused = [
    [{ name: "home", url }],
    [{ name: "East", url }],
    [{ name: "east", url: "elsewhere" }],
    [
      { name: "east", url },
      { name: "east", url: `${url}2` },
    ],
    [
      { name: "east", url },
      { name: "west", url },
    ],
    [{ name: "east", url, replica: url }],
  ];
  expect(refused.map((homes) => OrderDatabases.safeParse(homes).success)).toEqual(refused.map(() => false));
});
