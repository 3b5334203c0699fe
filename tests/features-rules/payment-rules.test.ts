import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { PaymentFacts } from "#core/payment-facts";
import { type OrderStatus, orderStatuses } from "#features/orders/rules";
import { attemptStatuses, nextPaymentStep } from "#features/payments/rules";

const facts: PaymentFacts = {
  reference: "pi_1",
  state: "authorised",
  amount: 500,
  capturedAmount: 0,
  refundedAmount: 0,
  currency: "USD",
  orderId: "ord_1",
  attemptId: "pay_1",
  failureCode: undefined,
};

const booked = { superseded: false, accepted: false, refunded: 0, refundPending: false, failedSurpluses: [] };

function step(status: OrderStatus, change: Partial<PaymentFacts> = {}) {
  const order = { id: "ord_1", status, total: 500, currency: "USD" };
  const attempt = { id: "pay_1", status: "pending" as const, failureCode: null, ...booked };
  return nextPaymentStep({ order, attempt }, { ...facts, ...change });
}

test.each(["pending_payment", "payment_unknown", "authorised"] as const)(
  "money that is there already pays an order that is %s as soon as its stock is committed",
  (status) => {
    expect(step(status, { state: "captured", capturedAmount: 500 })).toEqual({ do: "commit_and_capture" });
  },
);

test("an authorised payment is recorded, then its stock committed and its money captured", () => {
  expect(step("pending_payment")).toEqual({ do: "record_authorised" });
  expect(step("authorised")).toEqual({ do: "commit_and_capture" });
  expect(step("paid")).toEqual({ do: "rest" });
});

test.each(["cancelled", "expired"] as const)(
  "a payment that was opened while its order was being %s is ended before anybody pays",
  (status) => {
    expect(step(status, { state: "pending" })).toEqual({ do: "void" });
    expect(step(status, { state: "requires_action" })).toEqual({ do: "void" });
  },
);

test.each(["cancelled", "expired"] as const)(
  "an authorisation that comes for an order that is %s is given back",
  (status) => {
    expect(step(status)).toEqual({ do: "void" });
  },
);

test.each(["cancelled", "expired"] as const)(
  "money that was taken for an order that is %s goes back",
  (status) => {
    const captured = { state: "captured" as const, capturedAmount: 500 };
    expect(step(status, captured)).toEqual({ do: "refund_surplus", amount: 500 });
    expect(step(status, { ...captured, refundedAmount: 500 })).toEqual({
      do: "record_provider_refund",
      amount: 500,
    });
  },
);

test("a refund at the provider's own dashboard is booked, unless ours is still under way", () => {
  const refunded = { state: "captured" as const, capturedAmount: 500, refundedAmount: 200 };
  expect(step("paid", refunded)).toEqual({ do: "record_provider_refund", amount: 200 });
  const order = {
    id: "ord_1",
    status: "paid" as const,
    total: 500,
    currency: "USD",
  };
  const attempt = {
    id: "pay_1",
    status: "captured" as const,
    failureCode: null,
    ...booked,
    refundPending: true,
  };
  expect(nextPaymentStep({ order, attempt }, { ...facts, ...refunded })).toEqual({ do: "rest" });
});

test("a payment that contradicts a paid order changes nothing", () => {
  expect(step("paid", { orderId: "ord_2" })).toEqual({ do: "rest" });
});

test.each([
  ["another amount", { amount: 499 }, "amount_mismatch", ["amount", 500, 499]],
  ["another currency", { currency: "EUR" }, "amount_mismatch", ["currency", "USD", "EUR"]],
  [
    "less captured",
    { state: "captured" as const, capturedAmount: 499 },
    "amount_mismatch",
    ["captured", 500, 499],
  ],
  [
    "more captured",
    { state: "captured" as const, capturedAmount: 501 },
    "amount_mismatch",
    ["captured", 500, 501],
  ],
  ["another order", { orderId: "ord_2" }, "identity_mismatch", ["order", "ord_1", "ord_2"]],
  ["no attempt", { attemptId: undefined }, "identity_mismatch", ["attempt", "pay_1", null]],
  [
    "another mode",
    { foreign: [{ claim: "mode", expected: "live", told: "test" } as const] },
    "mode_mismatch",
    ["mode", "live", "test"],
  ],
  [
    "another account",
    { foreign: [{ claim: "account", expected: null, told: "acct_2" } as const] },
    "account_mismatch",
    ["account", null, "acct_2"],
  ],
] as const)(
  "a payment of %s is parked with both values and never fulfilled",
  (_, change, reason, differing) => {
    const [claim, expected, told] = differing;
    const parked = { do: "park", reason, contradictions: [{ claim, expected, told }] };
    for (const status of ["pending_payment", "payment_unknown", "authorised"] as const)
      expect(step(status, change), status).toEqual(parked);
    for (const status of ["payment_review", "paid", "refunded"] as const)
      expect(step(status, change), status).toEqual({ do: "rest" });
  },
);

test("of an order that has ended all goes back, however much or whosever it claims to be", () => {
  for (const status of ["cancelled", "expired"] as const)
    for (const change of [{ amount: 499 }, { currency: "EUR" }, { orderId: "ord_2" }]) {
      expect(step(status, change)).toEqual({ do: "void" });
      expect(step(status, { ...change, state: "captured", capturedAmount: 499 })).toEqual({
        do: "refund_surplus",
        amount: 499,
      });
    }
});

test("an authorisation that ended before the money was taken cancels its order", () => {
  expect(step("authorised", { state: "cancelled" })).toEqual({ do: "record_voided" });
});

test("a declined try is told once", () => {
  const declined = { state: "pending" as const, failureCode: "insufficient_funds", ...booked };
  expect(step("pending_payment", declined)).toMatchObject({ do: "record_attempt", declined: true });
  const order = { id: "ord_1", status: "pending_payment" as const, total: 500, currency: "USD" };
  const attempt = { id: "pay_1", status: "pending" as const, failureCode: "insufficient_funds", ...booked };
  expect(nextPaymentStep({ order, attempt }, { ...facts, ...declined })).toEqual({ do: "rest" });
});

test("money is taken only for an order whose authorisation is recorded and whose facts agree", () => {
  fc.assert(
    fc.property(
      fc.record({
        status: fc.constantFrom(...orderStatuses),
        attemptStatus: fc.constantFrom(...attemptStatuses),
        state: fc.constantFrom("pending", "requires_action", "authorised", "captured", "cancelled"),
        amount: fc.constantFrom(499, 500),
        orderId: fc.constantFrom("ord_1", "ord_2"),
      }),
      ({ status, attemptStatus, ...change }) => {
        const order = { id: "ord_1", status, total: 500, currency: "USD" };
        const attempt = { id: "pay_1", status: attemptStatus, failureCode: null, ...booked };
        const next = nextPaymentStep(
          { order, attempt },
          {
            ...facts,
            ...change,
            capturedAmount: 500,
          },
        );
        if (next.do !== "commit_and_capture") return;
        expect(change).toMatchObject({ amount: 500, orderId: "ord_1" });
        if (change.state === "captured") return;
        // What is unknown of an authorised payment is whether its money was taken.
        expect(attemptStatus === "authorised" ? ["authorised", "payment_unknown"] : ["authorised"]).toContain(
          status,
        );
      },
    ),
  );
});

test.each([
  ["pending", { do: "record_sighted", status: "pending" }],
  ["cancelled", { do: "record_sighted", status: "cancelled" }],
  ["authorised", { do: "record_authorised" }],
  ["captured", { do: "commit_and_capture" }],
] as const)(
  "an order that lost sight of its payment goes on when the provider says %s",
  (state, expected) => {
    const change = state === "captured" ? { state, capturedAmount: 500 } : { state };
    expect(step("payment_unknown", change)).toEqual(expected);
  },
);

test("when the outcome of a capture is unknown, what the provider says decides: taken, to be taken, or over", () => {
  const order = { id: "ord_1", status: "payment_unknown" as const, total: 500, currency: "USD" };
  const attempt = { id: "pay_1", status: "authorised" as const, failureCode: null, ...booked };
  const next = (change: Partial<PaymentFacts>) =>
    nextPaymentStep({ order, attempt }, { ...facts, ...change });
  expect(next({ state: "captured", capturedAmount: 500 })).toEqual({ do: "commit_and_capture" });
  expect(next({ state: "authorised" })).toEqual({ do: "commit_and_capture" });
  expect(next({ state: "pending" })).toEqual({ do: "rest" });
  expect(next({ state: "cancelled" })).toEqual({ do: "record_voided" });
});

test("a payment that the buyer left takes no money, and what it took goes back, whatever became of the order", () => {
  const attempt = {
    id: "pay_1",
    status: "cancelled" as const,
    failureCode: null,
    ...booked,
    superseded: true,
  };
  for (const status of orderStatuses) {
    const order = { id: "ord_1", status, total: 500, currency: "USD" };
    const next = (change: Partial<PaymentFacts>) =>
      nextPaymentStep({ order, attempt }, { ...facts, ...change });
    expect(next({ state: "approved" })).toEqual({ do: "rest" });
    expect(next({ state: "authorised" })).toEqual({ do: "void" });
    expect(next({ state: "captured", capturedAmount: 500 })).toEqual({ do: "refund_surplus", amount: 500 });
  }
});

test("a payment that we ended stays ended, though its provider could not be told", () => {
  const attempt = { id: "pay_1", status: "cancelled" as const, failureCode: null, ...booked };
  const order = { id: "ord_1", status: "pending_payment" as const, total: 500, currency: "USD" };
  for (const state of ["pending", "requires_action"] as const)
    expect(nextPaymentStep({ order, attempt }, { ...facts, state })).toEqual({ do: "rest" });
});

test("a payment that the buyer left is ended, or told to be, while it is still open with us", () => {
  const attempt = { id: "pay_1", status: "pending" as const, failureCode: null, ...booked, superseded: true };
  const order = { id: "ord_1", status: "pending_payment" as const, total: 500, currency: "USD" };
  const next = (state: PaymentFacts["state"]) => nextPaymentStep({ order, attempt }, { ...facts, state });
  for (const state of ["pending", "requires_action", "approved"] as const)
    expect(next(state)).toEqual({ do: "void" });
  expect(next("cancelled")).toMatchObject({ do: "record_attempt", status: "cancelled" });
});
