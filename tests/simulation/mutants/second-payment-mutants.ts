import type { Mutant } from "./mutant.ts";

const rules = "src/features/payments/rules.ts";
const closing = "src/features/payments/closing.ts";
const refundRules = "src/features/payments/refund-rules.ts";

/** Bugs in what becomes of money that pays no order, of promised money, and of an order whose payment nobody knows. */
export const secondPaymentMutants: readonly Mutant[] = [
  {
    name: "a refund of late money that failed is found again and again",
    file: rules,
    search: " && !attempt.failedSurpluses.includes(kept);",
    replacement: ";",
  },
  {
    name: "what is left of late money is kept once a refund of it failed",
    file: rules,
    search: "!attempt.failedSurpluses.includes(kept)",
    replacement: "attempt.failedSurpluses.length === 0",
  },
  {
    name: "a manual payment that was paid back is given back again",
    file: rules,
    search: "Math.max(facts.refundedAmount, attempt.refunded)",
    replacement: "facts.refundedAmount",
  },
  {
    name: "a promised bank transfer binds its order",
    file: closing,
    search: "return isPromised(settled) ? withdrawPromise(ports, settled) :",
    replacement: "return isPromised(settled) && settled.total < 0 ? withdrawPromise(ports, settled) :",
  },
  {
    name: "a withdrawn promise leaves its order waiting",
    file: closing,
    search:
      'order: { transition: "cancel", event: "order.cancelled", data: { reason: "requested" } },\n    attempt',
    replacement: "attempt",
  },
  {
    name: "money of a payment that was left counts as the order's own",
    file: refundRules,
    search: "if (attemptId !== order.attempt?.id)",
    replacement: "if (attemptId === undefined)",
  },
];
