import { expect, test } from "vitest";
import { epochMs } from "#core/time";
import { openPayment } from "#features/payments/opening";
import type { SettledAttempt } from "#features/payments/settlement-ports";

const never = (): never => {
  throw new Error("nothing else is asked");
};

test("an answer that a twin stores between the two readings of a look is given, once the order shows its payment", async () => {
  const attempt: SettledAttempt = {
    id: "pay_1",
    orderId: "ord_1",
    provider: "stripe",
    status: "pending",
    providerReference: null,
    failureCode: null,
    acceptedAt: null,
  };
  const orderWith = (newest: SettledAttempt) => ({
    id: "ord_1",
    status: "pending_payment" as const,
    total: 1_000,
    currency: "EUR",
    holdExpiresAt: new Date(60_000),
    attempts: [newest],
    attempt: newest,
    refunds: [],
  });
  const answered = { attemptId: attempt.id };
  const looks = [attempt, { ...attempt, providerReference: "pi_1" }].map((seen) => orderWith(seen));
  const opened = await openPayment(
    {
      now: () => epochMs(0),
      look: async () => ({ order: looks.shift() ?? never(), answered }),
      load: never,
      insertAttempt: never,
      promise: never,
      authorise: never,
      read: async (_, reference) => `handover of ${reference}`,
      close: never,
      change: never,
      settle: never,
      store: never,
    },
    "stripe",
  );
  expect(opened).toMatchObject({ handover: "handover of pi_1", answered, overtaken: false });
  expect(looks).toEqual([]);
});
