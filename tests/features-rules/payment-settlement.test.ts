import { expect, test } from "vitest";
import type { PaymentFacts } from "#core/payment-facts";
import { settle } from "#features/payments/settlement";
import type { SettledAttempt, SettledOrder, SettlementChange } from "#features/payments/settlement-ports";

const never = (): never => {
  throw new Error("nothing else is asked");
};

const attempt: SettledAttempt = {
  id: "pay_1",
  orderId: "ord_1",
  provider: "stripe",
  status: "authorised",
  providerReference: "pi_1",
  failureCode: null,
  acceptedAt: null,
};
const authorised: SettledOrder = {
  id: "ord_1",
  status: "authorised",
  total: 500,
  currency: "EUR",
  attempts: [attempt],
  attempt,
  refunds: [],
};
const reserved: PaymentFacts = {
  reference: "pi_1",
  state: "authorised",
  amount: 500,
  capturedAmount: 0,
  refundedAmount: 0,
  currency: "EUR",
  orderId: "ord_1",
  attemptId: "pay_1",
  failureCode: undefined,
};

test("reserved money whose units are gone is given back before its order is cancelled, in one change that says why", async () => {
  const done: string[] = [];
  const changes: SettlementChange[] = [];
  const settled = await settle<SettledOrder>(
    {
      load: async () => authorised,
      read: async () => reserved,
      commitStock: async () => ["TENT"],
      cancel: async (_, reference) => {
        done.push(`gave ${reference} back`);
        return { ...reserved, state: "cancelled" };
      },
      change: async (order, change) => {
        done.push("changed the order");
        changes.push(change);
        const ended = { ...attempt, status: "cancelled" as const };
        return { ...order, status: "cancelled", attempts: [ended], attempt: ended };
      },
      authorise: never,
      completeAuthorisation: never,
      capture: never,
      refundSurplus: never,
      recordProviderRefund: never,
    },
    { orderId: "ord_1" },
  );
  expect(done).toEqual(["gave pi_1 back", "changed the order"]);
  expect(changes).toEqual([
    {
      order: {
        transition: "cancel",
        event: "order.cancelled",
        data: { reason: "out_of_stock", skus: ["TENT"] },
      },
      attempt: { id: "pay_1", status: "cancelled" },
    },
  ]);
  expect(settled).toMatchObject({ status: "cancelled" });
});
