import { expect, test } from "vitest";
import type { Contradiction } from "#core/payment-claims";
import type { PaymentFacts } from "#core/payment-facts";
import { hasEnded, isPayable, orderStatuses } from "#features/orders/rules";
import { type WaitingEvent, processEvent } from "#features/payments/event-processing";
import { isOfInterest, isReflected, webhookEventTypes } from "#features/payments/event-types";
import { attemptStatuses, nextPaymentStep } from "#features/payments/rules";

test("what leads to a capture is news until the capture, and what follows it always", () => {
  for (const status of attemptStatuses) {
    expect(isReflected("stripe", "payment_intent.succeeded", status)).toBe(status === "captured");
    expect(isReflected("paypal", "CHECKOUT.ORDER.APPROVED", status)).toBe(status === "captured");
    expect(isReflected("stripe", "charge.refunded", status)).toBe(false);
    expect(isReflected("stripe", "charge.dispute.created", status)).toBe(false);
    expect(isReflected("paypal", "PAYMENT.CAPTURE.REVERSED", status)).toBe(false);
  }
});

test("types that nobody has put into the table are of no interest, even those that objects inherit", () => {
  for (const type of ["payment_intent.created", "charge.succeeded", "invented", "constructor", "toString"])
    expect(isOfInterest("stripe", type), type).toBe(false);
  expect(isOfInterest("stripe", "payment_intent.amount_capturable_updated")).toBe(true);
});

test("the providers are asked for just the types that are of interest", () => {
  for (const provider of ["stripe", "paypal"] as const) {
    const types = webhookEventTypes[provider];
    expect(types.length).toBeGreaterThan(10);
    expect(types.filter((type) => !isOfInterest(provider, type))).toEqual([]);
  }
  expect(isOfInterest("paypal", "PAYMENT.SALE.COMPLETED")).toBe(false);
});

test("a settlement spared for a captured payment would have found nothing to do", () => {
  const facts: PaymentFacts = {
    reference: "pi_1",
    state: "captured",
    amount: 500,
    capturedAmount: 500,
    refundedAmount: 0,
    currency: "USD",
    orderId: "ord_1",
    attemptId: "pay_1",
    failureCode: undefined,
  };
  const attempt = {
    id: "pay_1",
    status: "captured" as const,
    failureCode: null,
    superseded: false,
    accepted: false,
    refundPending: false,
    failedSurpluses: [],
  };
  // The books note a capture with the order's own change: none is left waiting for its money.
  const captured = orderStatuses.filter((status) => !isPayable(status) && status !== "authorised");
  for (const status of captured.filter((each) => each !== "payment_unknown")) {
    const order = { id: "ord_1", status, total: 500, currency: "USD" };
    // Of an order that ended, what was captured has been given back before it is noted.
    const refunded = hasEnded(status) ? 500 : 0;
    const step = nextPaymentStep(
      { order, attempt: { ...attempt, refunded } },
      { ...facts, refundedAmount: refunded },
    );
    expect(step, status).toEqual({ do: "rest" });
  }
});

type Event = WaitingEvent & { reflected: boolean; claim?: Contradiction };

/** Ports over memory that tell what they were asked. */
function portsOver(
  events: readonly Event[],
  failing: { settle?: boolean; report?: string; refuse?: string } = {},
) {
  const processed: string[] = [];
  const failed: string[] = [];
  const refused: string[] = [];
  const asked = { settle: 0, read: 0 };
  const attempt = { orderId: "ord_1", providerReference: "pi_1" };
  const ports = {
    take: () => Promise.resolve({ events, attempt }),
    referenceOf: () => Promise.resolve(undefined),
    read: () => {
      asked.read++;
      return Promise.reject(new Error("nobody needs to ask"));
    },
    findAttempt: () => Promise.resolve(undefined),
    adoptReference: () => Promise.resolve(true),
    contradictions: ({ claim }: Event) => (claim === undefined ? [] : [claim]),
    refuse: ({ id }: Event) =>
      id === failing.refuse ? Promise.reject(new Error("a lost race")) : Promise.resolve(refused.push(id)),
    isReflected: ({ reflected }: Event) => reflected,
    settle: () => {
      asked.settle++;
      return failing.settle === true ? Promise.reject(new Error("no answer")) : Promise.resolve();
    },
    recordDispute: ({ id }: Event) =>
      id === failing.report ? Promise.reject(new Error("a report that fails")) : Promise.resolve(),
    markProcessed: (ids: readonly string[]) => Promise.resolve(processed.push(...ids)),
    markFailed: (ids: readonly string[]) => Promise.resolve(failed.push(...ids)),
  };
  return { ports, processed, failed, refused, asked };
}

const event = (id: string, change: Partial<Event> = {}): Event => ({
  id,
  providerReference: "pi_1",
  reportsDispute: false,
  reflected: false,
  ...change,
});

test("one settlement serves all events of a payment that wait, without a reading of its own", async () => {
  const { ports, processed, failed, asked } = portsOver([
    event("a"),
    event("b", { reflected: true }),
    event("c"),
  ]);
  await processEvent(ports);
  expect(asked).toEqual({ settle: 1, read: 0 });
  expect({ processed, failed }).toEqual({ processed: ["a", "b", "c"], failed: [] });
});

test("events that our books reflect are done without a settlement", async () => {
  const { ports, processed, asked } = portsOver([event("a", { reflected: true })]);
  await processEvent(ports);
  expect({ processed, asked }).toEqual({ processed: ["a"], asked: { settle: 0, read: 0 } });
});

test("a settlement that fails leaves every event that waited for it", async () => {
  const { ports, processed, failed } = portsOver([event("a"), event("b")], { settle: true });
  await expect(processEvent(ports)).rejects.toThrow("no answer");
  expect({ processed, failed }).toEqual({ processed: [], failed: ["a", "b"] });
});

test("a report of a dispute that fails leaves only itself", async () => {
  const events = [event("a"), event("d", { reportsDispute: true })];
  const { ports, processed, failed } = portsOver(events, { report: "d" });
  await expect(processEvent(ports)).rejects.toThrow("a report that fails");
  expect({ processed, failed }).toEqual({ processed: ["a"], failed: ["d"] });
});

const otherAmount: Contradiction = { claim: "amount", expected: 500, told: 5 };

test("an event that contradicts our books is refused before any other of its payment is acted on", async () => {
  const { ports, processed, refused, asked } = portsOver([event("a"), event("b", { claim: otherAmount })]);
  const settle = () => {
    expect(refused).toEqual(["b"]);
    return ports.settle();
  };
  await processEvent({ ...ports, settle });
  expect({ processed, refused, asked }).toEqual({
    processed: ["a"],
    refused: ["b"],
    asked: { settle: 1, read: 0 },
  });
});

test("where every event contradicts our books nothing is settled", async () => {
  const { ports, processed, refused, asked } = portsOver([event("b", { claim: otherAmount })]);
  await processEvent(ports);
  expect({ processed, refused, asked }).toEqual({
    processed: [],
    refused: ["b"],
    asked: { settle: 0, read: 0 },
  });
});

test("a refusal that fails leaves every event for the next delivery, and nothing is settled", async () => {
  const events = [event("a"), event("b", { claim: otherAmount })];
  const { ports, processed, failed, asked } = portsOver(events, { refuse: "b" });
  await expect(processEvent(ports)).rejects.toThrow("a lost race");
  expect({ processed, failed, asked }).toEqual({
    processed: [],
    failed: ["a", "b"],
    asked: { settle: 0, read: 0 },
  });
});
