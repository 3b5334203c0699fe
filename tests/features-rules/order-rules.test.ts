import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { reachableStates } from "#core/state-machine";
import {
  type OrderStatus,
  orderStatuses,
  orderTransitions,
  unfulfilledUnits,
  unitsBySku,
} from "#features/orders/rules";

test("every status is reached from a new order or a payment that was lost from sight", () => {
  expect([...reachableStates(orderTransitions, "pending_payment")].toSorted()).toEqual(
    [...orderStatuses].toSorted(),
  );
});

test("only cancelled, expired and refunded orders have no way on", () => {
  const ends = orderStatuses.filter((status) => Object.keys(orderTransitions[status]).length === 0);
  expect(ends).toEqual<OrderStatus[]>(["cancelled", "expired", "refunded"]);
});

test("no paid order becomes unpaid again", () => {
  const unpaid: OrderStatus[] = ["pending_payment", "payment_unknown", "authorised", "cancelled", "expired"];
  expect([...reachableStates(orderTransitions, "paid")].filter((status) => unpaid.includes(status))).toEqual(
    [],
  );
});

test("the database knows the same statuses", async () => {
  const migration = await readFile("migrations/0001_foundation.sql", "utf8");
  const [, list = ""] = /create type order_status as enum \(([^)]*)\)/.exec(migration) ?? [];
  expect([...list.matchAll(/'(\w+)'/g)].map(([, status]) => status)).toEqual([...orderStatuses]);
});

test("lines of one SKU are added up, and SKUs come in one order", () => {
  const lines = [
    { sku: "b", quantity: 1 },
    { sku: "a", quantity: 2 },
    { sku: "b", quantity: 3 },
  ];
  expect(unitsBySku(lines)).toEqual([
    ["a", 2],
    ["b", 4],
  ]);
});

test("units in cancelled parcels are to be packed again", () => {
  const lines = [{ id: "l1", quantity: 3 }];
  const parcel = (status: string, quantity: number) => ({
    status,
    lines: [{ order_line_id: "l1", quantity }],
  });
  const fulfilments = [parcel("shipped", 1), parcel("cancelled", 2)];
  expect(unfulfilledUnits({ lines, fulfilments, refunds: [] }).get("l1")).toBe(2);
});

test("units that a refund put back on sale are not packed any more, unless the refund failed", () => {
  const lines = [{ id: "l1", quantity: 3 }];
  const refund = (status: string, restock: boolean) => ({
    status,
    restock,
    lines: [{ order_line_id: "l1", quantity: 1 }],
  });
  const refunds = [refund("pending", true), refund("failed", true), refund("succeeded", false)];
  expect(unfulfilledUnits({ lines, fulfilments: [], refunds }).get("l1")).toBe(2);
});
