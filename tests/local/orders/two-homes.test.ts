import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { shardOfId } from "#core/ids";
import { readMonthsTask } from "#local/months/read-task";
import { tendMonths } from "#local/months/tend-months";
import { type HomeAddress, homesOf } from "#local/shards/homes";
import { abandonMove, clearShards, moveShards, openShards, readMoves } from "#local/shards/move-shards";
import { bringUpToDate } from "#local/shards/prepare-homes";
import { type ShopDatabase, orderIdsOf, startShopDatabases, storeOrders } from "./shop-database.ts";

/** These shards are at home at first and go east. */
const range = { first: 512, last: 1023 };
const silent = () => undefined;

let databases: Awaited<ReturnType<typeof startShopDatabases>>;
let home: ShopDatabase;
let east: ShopDatabase;
let homes: readonly HomeAddress[];

beforeAll(async () => {
  databases = await startShopDatabases();
});
beforeEach(async () => {
  home = await databases.open();
  east = await databases.open();
  homes = homesOf(home.url, [{ name: "east", url: east.url }]);
  await bringUpToDate(homes);
});
afterEach(() => Promise.all([home.close(), east.close()]));
afterAll(() => databases.stop());

/** Runs the command as it is typed behind `npm run partitions --`. */
async function partitions(command: string): Promise<{ isDone: boolean; said: string[] }> {
  const said: string[] = [];
  const { task, homes: chosen } = readMonthsTask(command.split(" "), homes);
  return { isDone: await tendMonths(chosen, task, (line) => said.push(line)), said };
}

/** Orders of a month: one that stays at home, and one that goes. */
async function storeTwo(month: string, status = "delivered"): Promise<{ stays: string; goes: string }> {
  await home.ask("select make_order_month($1)", [`${month}-01`]);
  const ids = orderIdsOf(`${month}-10T12:00:00.000Z`, 40);
  const stays = ids.find((id) => shardOfId(id) < range.first) ?? "";
  const goes = ids.find((id) => shardOfId(id) >= range.first) ?? "";
  await storeOrders(home, [
    { id: stays, status },
    { id: goes, status },
  ]);
  return { stays, goes };
}

/** Where an order is in a database: whole, or not at all. */
async function placeOf(database: ShopDatabase, id: string): Promise<string> {
  const rows = await database.ask(
    `select places.place from (values ('at work'), ('archived')) places (place) where exists (
      select from (select 'at work' as place, id from orders union all select 'archived', id from archive.orders) o
      join (select 'at work' as place, order_id from order_lines union all
        select 'archived', order_id from archive.order_lines) line on line.order_id = o.id and line.place = o.place
      where o.id = $1 and o.place = places.place)`,
    [id],
  );
  return rows.map(({ place }) => String(place)).join(" and ") || "absent";
}

const move = () => moveShards(homes, { range, to: "east" }, silent);

test("orders of archived months move along, and their months are archived where they come", async () => {
  const old = await storeTwo("2023-03");
  const known = await storeTwo("2023-04");
  const young = await storeTwo("2023-05");
  await partitions("retire 2023-03 --at home");
  await partitions("retire 2023-04 --at home");
  await east.ask("select make_order_month('2023-04-01')");
  expect((await partitions("retire 2023-04 --at east")).isDone).toBe(true);
  await move();
  const said: string[] = [];
  await openShards(homes, { range, at: "east" }, (step) => said.push(step));
  expect(said.filter((step) => step.includes("is archived at east"))).toHaveLength(2);
  await bringUpToDate(homes);
  await clearShards(homes, { range, from: "home" }, silent);
  for (const [orders, before, after] of [
    [old, "archived", "archived"],
    [known, "archived", "archived"],
    [young, "at work", "at work"],
  ] as const) {
    expect([await placeOf(home, orders.stays), await placeOf(east, orders.stays)]).toEqual([
      before,
      "absent",
    ]);
    expect([await placeOf(home, orders.goes), await placeOf(east, orders.goes)]).toEqual(["absent", after]);
  }
});

test("nobody writes archived orders of shards that are on their way, and a move given up leaves them", async () => {
  const { stays, goes } = await storeTwo("2023-03");
  await partitions("retire 2023-03 --at home");
  expect(await readMoves(homes)).toEqual([]);
  await move();
  expect(await readMoves(homes)).toEqual(["512-1023: on the way from home to east"]);
  const strip = (id: string) => home.ask("update archive.orders set notes = null where id = $1", [id]);
  await expect(strip(goes)).rejects.toMatchObject({ code: "TW006" });
  await strip(stays);
  await abandonMove(homes, range, silent);
  await strip(goes);
  expect([await placeOf(home, goes), await placeOf(east, goes)]).toEqual(["archived", "absent"]);
});

test("months are archived and brought back in all databases of orders, or in one of them", async () => {
  await storeTwo("2023-03");
  await move();
  await openShards(homes, { range, at: "east" }, silent);
  await clearShards(homes, { range, from: "home" }, silent);
  await partitions("make");
  expect(await partitions("retire 2023-03")).toEqual({
    isDone: true,
    said: ["home  2023-03  archived", "east  2023-03  archived"],
  });
  expect(await partitions("restore 2023-03 --at east")).toEqual({
    isDone: true,
    said: ["2023-03  restored"],
  });
  const { said } = await partitions("list");
  expect(said.filter((line) => line.includes("2023-03")).map((line) => line.split(/ +/).slice(0, 3))).toEqual(
    [
      ["home", "2023-03", "archived"],
      ["east", "2023-03", "at"],
    ],
  );
  expect((await partitions("restore 2023-03")).said).toEqual([
    "home  2023-03  restored",
    "east  2023-03  there already",
  ]);
});

test("a month that cannot go is told with what keeps it, in which database, and what to do", async () => {
  await storeTwo("2023-03", "paid");
  const { isDone, said } = await partitions("retire 2023-03");
  expect(isDone).toBe(false);
  expect(said).toMatchObject([
    "home  2023-03  unfinished",
    expect.stringMatching(/^home {4}order paid: 2, such as ord_/),
    expect.stringContaining("run the command again"),
    "east  2023-03  unknown",
  ]);
  const nowhere = await partitions("restore 2001-01");
  expect(nowhere.isDone).toBe(false);
  expect(nowhere.said.at(-1)).toContain("There is no such month");
});
