import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { reachableStates } from "#core/state-machine";
import { dayMs } from "#core/time";
import {
  type ReturnState,
  awaitedUnits,
  isInTime,
  linesBeyond,
  returnLimits,
  returnStatuses,
  returnTransitions,
  returnableUnits,
} from "#features/returns/rules";

const line = (quantity: number, id = "l1") => ({ order_line_id: id, quantity });
const parcel = (status: string, quantity: number, deliveredAt: Date | null = null) => ({
  status,
  deliveredAt,
  lines: [line(quantity)],
});
const returned = (status: ReturnState["status"], asked: number, came: number): ReturnState => ({
  status,
  lines: [line(asked)],
  receipts: came === 0 ? [] : [{ lines: [{ ...line(came), restock: true }] }],
});

test("every status is reached from a request, and only a declined or a closed return is over", () => {
  expect([...reachableStates(returnTransitions, "requested")].toSorted()).toEqual(
    [...returnStatuses].toSorted(),
  );
  const ends = returnStatuses.filter((status) => Object.keys(returnTransitions[status]).length === 0);
  expect(ends).toEqual(["declined", "closed"]);
});

test("the database knows the same statuses", async () => {
  const migration = await readFile("migrations/0013_returns.sql", "utf8");
  const [, list = ""] = /status text not null check \(status in \(([^)]*)\)/.exec(migration) ?? [];
  expect([...list.matchAll(/'(\w+)'/g)].map(([, status]) => status)).toEqual([...returnStatuses]);
});

test("only units that have left the shop can come back", () => {
  const parcels = [parcel("delivered", 2), parcel("shipped", 1), parcel("open", 4), parcel("cancelled", 8)];
  expect(returnableUnits(parcels, []).get("l1")).toBe(3);
});

test.each([
  ["requested", 2, 0, 3],
  ["approved", 2, 0, 3],
  ["received", 2, 1, 3],
  ["declined", 2, 0, 5],
  ["closed", 2, 1, 4],
  ["closed", 2, 0, 5],
] as const)("of 5 units, a %s return of %i of which %i came leaves %i", (status, asked, came, left) => {
  expect(returnableUnits([parcel("delivered", 5)], [returned(status, asked, came)]).get("l1")).toBe(left);
});

test("a return waits for what it names minus what came", () => {
  expect(awaitedUnits(returned("received", 3, 2)).get("l1")).toBe(1);
});

test("lines of one order line are added up before they are held against what is left", () => {
  const units = new Map([["l1", 3]]);
  expect(linesBeyond([line(2), line(1)], units)).toEqual([]);
  expect(linesBeyond([line(2), line(2), line(1, "unknown")], units)).toEqual([
    { at: 1, left: 1 },
    { at: 2, left: 0 },
  ]);
});

test("a buyer may ask while a parcel is on its way and for the days after the last arrived", () => {
  const arrived = new Date("2026-01-01T00:00:00Z");
  const lastMoment = arrived.getTime() + returnLimits.askWithinDays * dayMs;
  const delivered = parcel("delivered", 1, arrived);
  expect(isInTime([delivered], lastMoment)).toBe(true);
  expect(isInTime([delivered], lastMoment + 1)).toBe(false);
  expect(isInTime([delivered, parcel("shipped", 1)], lastMoment + 1)).toBe(true);
});
