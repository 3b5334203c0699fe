import * as fc from "fast-check";
import { expect, test } from "vitest";
import { postingsOf } from "#features/payments/bookkeeping";
import {
  type RefundState,
  planRefund,
  refundableAmount,
  refundablePayment,
} from "#features/payments/refund-rules";

const ordered = [
  { id: "a", quantity: 2, unitPrice: 300 },
  { id: "b", quantity: 1, unitPrice: 400 },
];
const given = (amount: number, status: RefundState["status"], lines: RefundState["lines"] = []) => ({
  amount,
  status,
  lines,
});

test("without an amount or lines, all that is left goes back", () => {
  const payment = { captured: 1000, refunds: [given(250, "succeeded")] };
  expect(planRefund(payment, ordered, {})).toEqual({ ok: true, amount: 750, lines: [] });
});

test("refunds under way count as given, failed ones do not", () => {
  expect(refundableAmount({ captured: 1000, refunds: [given(300, "pending"), given(500, "failed")] })).toBe(
    700,
  );
});

test("what went back of a payment that the buyer left takes nothing from the one that pays the order", () => {
  const order = {
    refunds: [
      { ...given(1000, "succeeded"), attemptId: "pay_1" },
      { ...given(300, "succeeded"), attemptId: "pay_2" },
    ],
  };
  const payment = refundablePayment(order, { id: "pay_2", capturedAmount: 1000 });
  expect(planRefund(payment, ordered, {})).toEqual({ ok: true, amount: 700, lines: [] });
});

test("lines cost what was paid for them, unless another amount is agreed", () => {
  const payment = { captured: 1000, refunds: [] };
  const lines = [{ order_line_id: "a", quantity: 2 }];
  expect(planRefund(payment, ordered, { lines })).toMatchObject({ ok: true, amount: 600 });
  expect(planRefund(payment, ordered, { lines, amount: 550 })).toMatchObject({ ok: true, amount: 550 });
});

test("no unit of a line goes back twice", () => {
  const lines = [{ order_line_id: "b", quantity: 1 }];
  const payment = { captured: 1000, refunds: [given(400, "pending", lines)] };
  expect(planRefund(payment, ordered, { lines })).toEqual({ ok: false, reason: "too_many_units", at: 0 });
  expect(planRefund(payment, ordered, { lines: [{ order_line_id: "x", quantity: 1 }] })).toMatchObject({
    reason: "unknown_line",
  });
});

test("whatever is asked in whatever order, no more goes back than was paid", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ amount: fc.integer({ min: 1, max: 700 }), fails: fc.boolean() })),
      (asked) => {
        const refunds: RefundState[] = [];
        for (const { amount, fails } of asked) {
          const plan = planRefund({ captured: 1000, refunds }, ordered, { amount });
          if (plan.ok) refunds.push(given(plan.amount, fails ? "failed" : "pending"));
        }
        expect(refundableAmount({ captured: 1000, refunds })).toBeGreaterThanOrEqual(0);
      },
    ),
  );
});

test.each(["capture", "refund"] as const)("the postings of a %s sum to zero", (kind) => {
  const fact = {
    transactionId: "t",
    kind,
    orderId: "o",
    provider: "stripe",
    amount: 500,
    currency: "USD",
  } as const;
  expect(postingsOf(fact).reduce((sum, posting) => sum + posting.amount, 0)).toBe(0);
});
