import { expect, test } from "vitest";
import type { Id } from "#core/ids";
import { epochMs } from "#core/time";
import { abandonCheckout, beginCheckout, completeCheckout } from "#durable-objects/cart/checkouts";
import type { CartLine } from "#durable-objects/cart/lines";
import { settle } from "#features/payments/settlement";
import type { SettledAttempt, SettledOrder } from "#features/payments/settlement-ports";
import { closePayment } from "#features/payments/closing";
import { nextPaymentStep } from "#features/payments/rules";
import { recordReport } from "#features/payments/dispute-recording";

// Histories that the simulation found, boiled down to the decision that was wrong.

test("an order that a twin of a refused request stored still leaves the cart", () => {
  const line: CartLine = { id: "cln_1" as Id<"cartLine">, variantId: "var_1" as Id<"variant">, quantity: 2 };
  const orderId = "ord_1" as Id<"order">;
  const request = { key: "k", fingerprint: "f", orderId, at: epochMs(0) };
  const { checkout } = beginCheckout(undefined, [line], request);
  if (checkout === undefined) throw new Error("a new key starts a checkout");
  const abandoned = abandonCheckout(checkout);
  expect(abandoned?.key).not.toBe("k");
  expect(completeCheckout(abandoned ?? checkout, [line])?.lines).toEqual([]);
});

test("a placed checkout keeps its key", () => {
  const request = { key: "k", fingerprint: "f", orderId: "ord_1" as Id<"order">, at: epochMs(0) };
  expect(abandonCheckout({ ...request, lines: [], status: "placed" })).toBeUndefined();
});

test("a payment that came too late and went back comes to rest, and refusals before a capture are no news", () => {
  const order = {
    id: "ord_1",
    status: "cancelled" as const,
    total: 500,
    currency: "USD",
  };
  const facts = {
    reference: "pi_1",
    state: "captured" as const,
    amount: 500,
    capturedAmount: 500,
    refundedAmount: 500,
    currency: "USD",
    orderId: "ord_1",
    attemptId: "pay_1",
    failureCode: undefined,
  };
  const booked = {
    superseded: false,
    accepted: false,
    refunded: 500,
    refundPending: false,
    failedSurpluses: [],
  };
  const attempt = { id: "pay_1", status: "pending" as const, failureCode: null, ...booked };
  expect(nextPaymentStep({ order, attempt }, facts)).toMatchObject({
    do: "record_attempt",
    status: "captured",
  });
  const recorded = { ...attempt, status: "captured" as const };
  const paid = { ...order, status: "paid" as const };
  const late = { ...facts, failureCode: "expired_card" };
  expect(nextPaymentStep({ order: paid, attempt: recorded }, late)).toEqual({ do: "rest" });
  expect(nextPaymentStep({ order, attempt: recorded }, facts)).toEqual({ do: "rest" });
});

test("a payment that ended says nothing about the one that the buyer opens while it is noted", async () => {
  const facts = {
    amount: 500,
    capturedAmount: 0,
    refundedAmount: 0,
    currency: "USD",
    orderId: "ord_1",
    failureCode: undefined,
  };
  const attemptOf = (id: string, providerReference: string): SettledAttempt => ({
    id,
    orderId: "ord_1",
    providerReference,
    provider: "stripe",
    status: "pending",
    failureCode: null,
    acceptedAt: null,
  });
  const order = { id: "ord_1", status: "pending_payment" as const, total: 500, currency: "USD" };
  let attempt = attemptOf("pay_1", "pi_1");
  const moves: unknown[] = [];
  const notAsked = () => Promise.reject(new Error("nobody asks for this"));
  const settled = await settle<SettledOrder>(
    {
      load: () => Promise.resolve({ ...order, attempts: [attempt], attempt, refunds: [] }),
      read: (_, { reference }) =>
        Promise.resolve(
          reference === "pi_1"
            ? { ...facts, reference, attemptId: "pay_1", state: "cancelled" }
            : { ...facts, reference, attemptId: "pay_2", state: "pending" },
        ),
      change: (_, { attempt: move, order: orderMove }) => {
        moves.push(orderMove?.transition ?? move?.status);
        attempt = attemptOf("pay_2", "pi_2");
        return Promise.resolve({ ...order, attempts: [attempt], attempt, refunds: [] });
      },
      authorise: notAsked,
      completeAuthorisation: notAsked,
      capture: notAsked,
      cancel: notAsked,
      commitStock: notAsked,
      refundSurplus: notAsked,
      recordProviderRefund: notAsked,
    },
    { orderId: "ord_1" },
  );
  expect(moves).toEqual(["cancelled"]);
  expect(settled).toMatchObject({ status: "pending_payment", attempt: { id: "pay_2" } });
});

test("cancelling an order whose authorisation has ended never closes the payment and leaves the order", async () => {
  const attempt: SettledAttempt = {
    id: "pay_1",
    orderId: "ord_1",
    providerReference: "pi_1",
    provider: "stripe",
    status: "authorised",
    failureCode: null,
    acceptedAt: null,
  };
  const order: SettledOrder = {
    id: "ord_1",
    status: "authorised",
    total: 500,
    currency: "USD",
    refunds: [],
    attempts: [attempt],
    attempt,
  };
  const notAsked = () => Promise.reject(new Error("only the settlement moves an authorised order"));
  const closed = await closePayment<SettledOrder>(
    {
      load: notAsked,
      authorise: notAsked,
      cancel: notAsked,
      change: notAsked,
      settle: () => Promise.resolve({ ...order, status: "cancelled" }),
    },
    order,
  );
  expect(closed).toMatchObject({ outcome: "settled", order: { status: "cancelled" } });
});

test("two reports of one dispute at once are one entry of the order's history", async () => {
  let order = { version: 1 };
  let known: { status: "open" | "won" | "lost"; reportedAt: Date } | undefined;
  const history: string[] = [];
  const reportedAt = new Date(1_700_000_000_000);
  const facts = { reference: "dp_1", amount: 500, currency: "USD", reason: "fraudulent" };
  const report = (status: "open" | "won") =>
    recordReport<{ version: number }, { status: "open" | "won" | "lost"; reportedAt: Date }>(
      {
        load: () => Promise.resolve(order),
        find: () => Promise.resolve(known),
        store: (seen) => {
          if (seen.version !== order.version) return Promise.resolve(false);
          order = { version: order.version + 1 };
          known = { status, reportedAt };
          history.push(status);
          return Promise.resolve(true);
        },
      },
      { ...facts, status },
      reportedAt,
    );
  await Promise.all([report("open"), report("open")]);
  await report("won");
  // The provider tells the time in seconds: the opening of the same second comes late.
  await report("open");
  expect(history).toEqual(["open", "won"]);
});

const lateFacts = {
  reference: "pi_1",
  state: "captured" as const,
  amount: 500,
  capturedAmount: 500,
  refundedAmount: 0,
  currency: "USD",
  orderId: "ord_1",
  attemptId: "pay_1",
  failureCode: undefined,
};
const ended = { id: "ord_1", status: "cancelled" as const, total: 500, currency: "USD" };
const lateAttempt = {
  id: "pay_1",
  status: "pending" as const,
  failureCode: null,
  superseded: false,
  accepted: false,
  refunded: 0,
  refundPending: false,
  failedSurpluses: [] as readonly number[],
};

test("a refund of late money that failed is not repeated, and leaves the payment to staff", () => {
  const attempt = { ...lateAttempt, failedSurpluses: [500] };
  expect(nextPaymentStep({ order: ended, attempt }, lateFacts)).toMatchObject({
    do: "record_attempt",
    status: "captured",
  });
  const recorded = { ...attempt, status: "captured" as const };
  expect(nextPaymentStep({ order: ended, attempt: recorded }, lateFacts)).toEqual({ do: "rest" });
});

test("what is left of late money goes back after a part went back in the dashboard", () => {
  const facts = { ...lateFacts, refundedAmount: 200 };
  expect(nextPaymentStep({ order: ended, attempt: lateAttempt }, facts)).toEqual({
    do: "record_provider_refund",
    amount: 200,
  });
  const booked = { ...lateAttempt, refunded: 200, failedSurpluses: [500] };
  expect(nextPaymentStep({ order: ended, attempt: booked }, facts)).toEqual({
    do: "refund_surplus",
    amount: 300,
  });
});

test("a manual payment that staff have paid back comes to rest, although no provider tells of it", () => {
  const attempt = { ...lateAttempt, refunded: 500 };
  expect(nextPaymentStep({ order: ended, attempt }, lateFacts)).toMatchObject({ do: "record_attempt" });
});

test("an order that waits for a bank transfer ends together with the promise", async () => {
  const attempt: SettledAttempt = {
    id: "pay_1",
    orderId: "ord_1",
    providerReference: "pay_1",
    provider: "manual",
    status: "authorised",
    failureCode: null,
    acceptedAt: null,
  };
  const order: SettledOrder = { ...ended, status: "authorised", refunds: [], attempts: [attempt], attempt };
  let now = order;
  const changes: unknown[] = [];
  const notAsked = () => Promise.reject(new Error("nobody asks for this"));
  const closed = await closePayment<SettledOrder>(
    {
      load: () => Promise.resolve(now),
      authorise: notAsked,
      cancel: () => Promise.resolve({ ...lateFacts, state: "cancelled", capturedAmount: 0 }),
      change: (_, change) => {
        changes.push(change);
        now = { ...order, status: "cancelled" };
        return Promise.resolve(now);
      },
      settle: () => Promise.resolve(now),
    },
    order,
  );
  expect(changes).toMatchObject([
    { order: { transition: "cancel" }, attempt: { id: "pay_1", status: "cancelled" } },
  ]);
  expect(closed.order.status).toBe("cancelled");
});

test("a cancellation that finds its payment authorised after all leaves the order to the settlement", async () => {
  const attempt: SettledAttempt = {
    id: "pay_1",
    orderId: "ord_1",
    providerReference: "paypal 1",
    provider: "paypal",
    status: "pending",
    failureCode: null,
    acceptedAt: null,
  };
  const waiting = { ...ended, status: "pending_payment" as const };
  const order: SettledOrder = { ...waiting, refunds: [], attempts: [attempt], attempt };
  const authorised: SettledOrder = {
    ...order,
    status: "authorised",
    attempt: { ...attempt, status: "authorised" },
  };
  const notAsked = () => Promise.reject(new Error("nobody asks for this"));
  const closed = await closePayment<SettledOrder>(
    {
      // Between the note and the look another process recorded what PayPal had just reserved for it.
      load: () => Promise.resolve(authorised),
      authorise: notAsked,
      cancel: () => Promise.resolve({ ...lateFacts, state: "cancelled", capturedAmount: 0 }),
      change: (seen) => Promise.resolve(seen),
      settle: () => Promise.resolve({ ...authorised, status: "paid" }),
    },
    order,
  );
  expect(closed).toMatchObject({ outcome: "settled", order: { status: "paid" } });
});

test("a bank transfer that staff receive while its ended order gives it up is paid back", async () => {
  const attempt: SettledAttempt = {
    id: "pay_1",
    orderId: "ord_1",
    providerReference: "pay_1",
    provider: "manual",
    status: "pending",
    failureCode: null,
    acceptedAt: null,
  };
  let now: SettledOrder = { ...ended, refunds: [], attempts: [attempt], attempt };
  let received = false;
  const done: string[] = [];
  const notAsked = () => Promise.reject(new Error("nobody asks for this"));
  const promised = { ...lateFacts, reference: "pay_1", state: "authorised" as const, capturedAmount: 0 };
  await settle<SettledOrder>(
    {
      load: () => Promise.resolve(now),
      read: () => Promise.resolve(received ? { ...lateFacts, reference: "pay_1" } : promised),
      cancel: () => {
        received = true;
        now = { ...now };
        return Promise.resolve({ ...promised, state: "cancelled" });
      },
      change: (seen, change) => {
        if (seen === now) done.push(change.attempt?.status ?? "moved");
        return Promise.resolve(seen === now ? now : undefined);
      },
      refundSurplus: (_order, _attempt, { amount }) => {
        done.push(`${amount} go back`);
        return Promise.resolve(true);
      },
      authorise: notAsked,
      completeAuthorisation: notAsked,
      capture: notAsked,
      commitStock: notAsked,
      recordProviderRefund: notAsked,
    },
    { orderId: "ord_1" },
  );
  expect(done).toEqual(["500 go back"]);
});
