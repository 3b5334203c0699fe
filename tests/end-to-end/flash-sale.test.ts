import { afterAll, beforeAll, expect, test } from "vitest";
import { checkHistory } from "#local/flash-sale/check-history";
import type { History, Operation } from "#local/flash-sale/history";
import { faultsOf } from "#local/flash-sale/report";
import { type FlashSaleReport, runFlashSale } from "#local/flash-sale/run-flash-sale";
import { type OwnStack, startOwnStack } from "../own-stack.ts";
import { createShopClient } from "../shop-client.ts";

let stack: OwnStack;
let report: FlashSaleReport;

beforeAll(async () => {
  stack = await startOwnStack();
  const adminToken = await createShopClient(stack.addresses.api).adminToken();
  report = await runFlashSale(
    { stack, adminToken, tell: (line) => console.log(line) },
    { buyers: 80, units: 16, kills: 1, concurrency: 25 },
  );
}, 700_000);

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

const forgeries: readonly { fact: string; forge: (history: History) => Operation[] }[] = [
  {
    fact: "that sold one unit more is not",
    forge: ({ operations }) =>
      operations.map((each) => (each.kind === "read" ? { ...each, sold: (each.sold ?? 0) + 1 } : each)),
  },
  {
    fact: "in which one unit was held by two is not",
    forge: ({ operations }) => {
      const sale = operations.find(({ kind }) => kind === "commit") ?? expect.fail("nothing was sold");
      const afterwards = Math.max(...operations.map((each) => each.return ?? 0)) + 1;
      const hold = { ...sale, kind: "reserve", client: -2, call: afterwards, return: afterwards } as const;
      return [...operations, hold];
    },
  },
  {
    fact: "in which somebody was refused while all units were there is not",
    forge: ({ operations }) => {
      const hold = operations.find(({ kind }) => kind === "reserve") ?? expect.fail("nothing was held");
      return [...operations, { ...hold, client: -2, call: 0, return: 1, outcome: "refused" }];
    },
  },
];

test.for(forgeries)("the same history $fact", async ({ forge }, { skip }) => {
  const { history, verdict } = report;
  if (verdict.kind === "not checked") skip(verdict.reason);
  const forged = await checkHistory({ ...history, operations: forge(history) });
  expect(forged.kind).toBe("not linearizable");
});
