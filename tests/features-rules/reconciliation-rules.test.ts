import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { ProviderRecord, RecordedPayment } from "#core/payment-records";
import { type EpochMs, epochMs } from "#core/time";
import { attemptStatuses } from "#features/payments/rules";
import {
  type OurPayment,
  bookDifferences,
  differencesOf,
  fingerprintOf,
  isReflected,
  strangerDifferences,
} from "#features/reconciliation/rules";
import { type Place, nextWindow, walk } from "#features/reconciliation/walk";

/** A payment of 2,000 that was captured, with both sides saying so. */
function agreed(refunded = 0): { theirs: RecordedPayment; ours: OurPayment } {
  return {
    theirs: {
      mode: "test",
      disputes: [],
      facts: {
        reference: "pi_1",
        state: "captured",
        amount: 2000,
        capturedAmount: 2000,
        refundedAmount: refunded,
        currency: "USD",
        orderId: "ord_1",
        attemptId: "pay_1",
        failureCode: undefined,
      },
    },
    ours: {
      attempt: {
        id: "pay_1",
        orderId: "ord_1",
        provider: "stripe",
        status: "captured",
        reference: "pi_1",
        amount: 2000,
        currency: "USD",
        capturedAmount: 2000,
      },
      isNewest: true,
      orderRefunded: refunded,
      refunds: refunded === 0 ? [] : [{ reference: "re_1", status: "succeeded", amount: refunded }],
      disputes: [],
      booked: { captured: 2000, refunded, balance: 0 },
    },
  };
}

type Facts = Partial<RecordedPayment["facts"]>;

function kinds(theirs: RecordedPayment, ours: OurPayment): string[] {
  return differencesOf(theirs, ours, "test").map(({ kind }) => kind);
}

function withFacts({ theirs, ours }: ReturnType<typeof agreed>, facts: Facts): string[] {
  return kinds({ ...theirs, facts: { ...theirs.facts, ...facts } }, ours);
}

test("what both sides say alike is no difference, whatever was given back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2000 }), (refunded) => {
      const { theirs, ours } = agreed(refunded);
      expect(differencesOf(theirs, ours, "test")).toEqual([]);
      expect(bookDifferences(ours)).toEqual([]);
    }),
  );
});

test.each<[string, Facts]>([
  ["amount_differs", { amount: 1999 }],
  ["currency_differs", { currency: "EUR" }],
  ["identity_differs", { attemptId: "pay_2" }],
  ["identity_differs", { orderId: undefined }],
  ["missing_refund", { refundedAmount: 1 }],
  ["missing_capture", { capturedAmount: 2001 }],
  ["capture_missing_at_provider", { capturedAmount: 0, state: "cancelled" }],
])("%s is named, and nothing else", (kind, facts) => {
  expect(withFacts(agreed(), facts)).toEqual([kind]);
});

test("test money among real is named", () => {
  const { theirs, ours } = agreed();
  expect(kinds({ ...theirs, mode: "live" }, ours)).toEqual(["mode_differs"]);
  expect(kinds({ ...theirs, mode: undefined }, ours)).toEqual([]);
});

test("of captures and refunds the side that has more is named, with both amounts", () => {
  const amount = fc.integer({ min: 0, max: 2000 });
  fc.assert(
    fc.property(amount, amount, amount, amount, (captured, booked, given, known) => {
      const { theirs, ours } = agreed(known);
      const found = differencesOf(
        { ...theirs, facts: { ...theirs.facts, capturedAmount: captured, refundedAmount: given } },
        { ...ours, booked: { ...ours.booked, captured: booked } },
        "test",
      ).filter(({ kind }) => kind !== "state_differs");
      const expected = [
        ...(captured > booked ? [["missing_capture", booked, captured]] : []),
        ...(captured < booked ? [["capture_missing_at_provider", booked, captured]] : []),
        ...(given > known ? [["missing_refund", known, given]] : []),
        ...(given < known ? [["refund_missing_at_provider", known, given]] : []),
      ];
      expect(found.map((each) => [each.kind, each.ours, each.theirs])).toEqual(expected);
    }),
  );
});

test("a refund under way is right whether the provider has it or not", () => {
  const { theirs, ours } = agreed();
  const pending = { ...ours, refunds: [{ reference: null, status: "pending", amount: 500 } as const] };
  for (const [refundedAmount, expected] of [
    [0, []],
    [500, []],
    [501, ["missing_refund"]],
  ] as const)
    expect(kinds({ ...theirs, facts: { ...theirs.facts, refundedAmount } }, pending)).toEqual(expected);
});

test("money that is reserved differs from every state but that of a reserved payment", () => {
  const { theirs, ours } = agreed();
  const reserved = { ...theirs, facts: { ...theirs.facts, state: "authorised" as const, capturedAmount: 0 } };
  for (const status of attemptStatuses) {
    const attempt = { ...ours.attempt, status, capturedAmount: 0 };
    const booked = { ...ours.booked, captured: 0 };
    const expected = status === "authorised" ? [] : ["state_differs"];
    expect(kinds(reserved, { ...ours, attempt, booked })).toEqual(expected);
  }
});

test("a dispute is missing until it is known, and differs until it is decided alike", () => {
  const { theirs, ours } = agreed();
  const dispute = { reference: "dp_1", amount: 2000, currency: "USD", reason: "fraudulent" };
  const said = (status: "open" | "lost") => ({
    ...theirs,
    disputes: [{ ...dispute, status, reportedAt: epochMs(0) }],
  });
  const known = { ...ours, disputes: [{ reference: "dp_1", status: "open" as const }] };
  expect(kinds(said("open"), ours)).toEqual(["missing_dispute"]);
  expect(kinds(said("open"), known)).toEqual([]);
  expect(kinds(said("lost"), known)).toEqual(["dispute_differs"]);
});

test("books that do not say what was captured and given back contradict themselves", () => {
  const { ours } = agreed(300);
  const booked = { ...ours.booked };
  expect(bookDifferences({ ...ours, booked: { ...booked, captured: 1999 } })).toHaveLength(1);
  expect(bookDifferences({ ...ours, booked: { ...booked, refunded: 299 } })).toHaveLength(1);
  expect(bookDifferences({ ...ours, booked: { ...booked, balance: 1 } })).toHaveLength(1);
  expect(bookDifferences({ ...ours, orderRefunded: 0 })).toHaveLength(1);
  expect(bookDifferences({ ...ours, isNewest: false, orderRefunded: 0 })).toEqual([]);
});

test("a payment that is not ours is worth a word only once it holds money", () => {
  const { theirs } = agreed();
  const begun = { ...theirs, facts: { ...theirs.facts, state: "pending" as const, capturedAmount: 0 } };
  expect(strangerDifferences(begun, false)).toEqual([]);
  expect(strangerDifferences(theirs, false)).toMatchObject([{ kind: "foreign_payment", theirs: 2000 }]);
  expect(strangerDifferences(theirs, true)).toMatchObject([{ kind: "unknown_payment" }]);
});

test("a record of a list is reflected by the row that it names, and by no other", () => {
  const { ours } = agreed(300);
  const of = { reference: "pi_1" };
  const records: [ProviderRecord, boolean][] = [
    [{ kind: "capture", of, amount: 2000, currency: "USD" }, true],
    [{ kind: "capture", of, amount: 1000, currency: "USD" }, false],
    [{ kind: "refund", of, reference: "re_1", hasFailed: false }, true],
    [{ kind: "refund", of, reference: "re_1", hasFailed: true }, false],
    [{ kind: "refund", of, reference: "re_2", hasFailed: false }, false],
    [{ kind: "dispute", of, reference: "dp_1", isDecided: false }, false],
  ];
  for (const [record, expected] of records) {
    expect(isReflected(record, ours, "test")).toBe(expected);
    expect(isReflected(record, undefined, "test")).toBe(false);
  }
  const prints = records.map(([record]) => fingerprintOf(record));
  expect(new Set(prints).size).toBe(prints.length);
});

const minute = 60_000;

test("windows leave no gap, never exceed what may be asked for, and reach the end", () => {
  const policy = fc.record({
    overlapMs: fc.integer({ min: 0, max: 60 * minute }),
    windowMsMax: fc.integer({ min: 61 * minute, max: 500 * minute }),
  });
  fc.assert(
    fc.property(policy, fc.integer({ min: 1, max: 5_000 }), (limits, minutes) => {
      const end = epochMs(minutes * minute);
      let covered = epochMs(0);
      for (let walks = 0; covered < end; walks++) {
        const window = nextWindow(covered, end, limits);
        expect(window.from).toBeLessThanOrEqual(Math.max(0, covered - limits.overlapMs));
        expect(window.until - window.from).toBeLessThanOrEqual(limits.windowMsMax);
        expect(window.until).toBeGreaterThan(covered);
        expect(walks).toBeLessThan(6_000);
        covered = window.until;
      }
    }),
  );
});

type Step = "page" | "crash_reading" | "crash_before_keeping" | "crash_after_keeping" | "taken_over";

/** A list of numbered pages, walked through by processes that may die anywhere. */
async function walkWith(steps: readonly Step[], pagesMax: number) {
  const window = { from: 0 as EpochMs, until: 1 as EpochMs };
  const kept: number[] = [];
  let reads = 0;
  const stored: { cursor: string | undefined } = { cursor: "1" };
  const left = [...steps];
  const step = (): Step => left.shift() ?? "page";
  for (let runs = 0; stored.cursor !== undefined; runs++) {
    expect(runs).toBeLessThanOrEqual(steps.length + pagesMax);
    let now: Step = "page";
    const ports = {
      read: async ({ cursor: at }: Place) => {
        now = step();
        reads += 1;
        if (now === "crash_reading") throw new Error("died");
        const page = Number(at);
        return { page, next: page < pagesMax ? String(page + 1) : undefined };
      },
      keep: async ({ page, next }: { page: number; next: string | undefined }) => {
        if (now === "crash_before_keeping") throw new Error("died");
        if (now === "taken_over") return false;
        kept.push(page);
        stored.cursor = next;
        if (now === "crash_after_keeping") throw new Error("died");
        return true;
      },
      isSpent: () => false,
    };
    await walk(ports, { window, cursor: stored.cursor }).catch(() => "died");
  }
  return { kept, reads };
}

test("a walk that dies anywhere, any number of times, keeps each page once and reads at most one again per death", async () => {
  const steps = fc.array(
    fc.constantFrom<Step>(
      "page",
      "crash_reading",
      "crash_before_keeping",
      "crash_after_keeping",
      "taken_over",
    ),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 8 }), async (given, pagesMax) => {
      const { kept, reads } = await walkWith(given, pagesMax);
      expect(kept).toEqual(Array.from({ length: pagesMax }, (_, page) => page + 1));
      const deaths = given.filter((each) => each !== "page").length;
      expect(reads).toBeLessThanOrEqual(pagesMax + deaths);
    }),
  );
});
