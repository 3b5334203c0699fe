import { afterAll, beforeAll, expect, test } from "vitest";
import { checkHistory } from "#local/flash-sale/check-history";
import type { Operation } from "#local/flash-sale/history";
import { faultsOf } from "#local/flash-sale/report";
import { type FlashSaleReport, runFlashSale } from "#local/flash-sale/run-flash-sale";
import { type OwnStack, startOwnStack } from "../own-stack.ts";
import { createShopClient } from "../shop-client.ts";

let stack: OwnStack;
let report: FlashSaleReport;

beforeAll(async () => {
  stack = await startOwnStack();
  const adminToken = await createShopClient(stack.addresses.api).adminToken();
  report = await runFlashSale(stack, adminToken, { buyers: 300, units: 40, kills: 1, concurrency: 50 });
});

afterAll(() => stack.end());

test("a crowd buys every unit once, through a kill of the Worker, and each payment belongs to an order", () => {
  expect(faultsOf(report)).toEqual([]);
  expect(report.visits.refused).toBeGreaterThan(0);
});

test("what the buyers saw is linearizable", ({ skip }) => {
  const { verdict } = report;
  if (verdict.kind === "not checked") skip(verdict.reason);
  expect(verdict.kind).toBe("linearizable");
});

test("a history in which one unit is held by two is not", async ({ skip }) => {
  const hold: Operation = {
    client: 1,
    sku: "A",
    kind: "reserve",
    quantity: 1,
    call: 0,
    return: 1,
    outcome: "ok",
  };
  const verdict = await checkHistory({ units: { A: 1 }, operations: [hold, { ...hold, client: 2 }] });
  if (verdict.kind === "not checked") skip(verdict.reason);
  expect(verdict.kind).toBe("not linearizable");
});
