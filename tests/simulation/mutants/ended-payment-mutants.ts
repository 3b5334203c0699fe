import type { Mutant } from "./mutant.ts";

const rules = "src/features/payments/rules.ts";
const manual = "src/features/payments/manual-gateway.ts";
const refundRules = "src/features/payments/refund-rules.ts";
const books = "src/features/payments/bookkeeping.ts";

/** Bugs in the watch over ended payments, in bank transfers, and in how refunds are named. */
export const endedPaymentMutants: readonly Mutant[] = [
  {
    name: "nobody looks at a PayPal payment after its end",
    file: rules,
    search: "closedWatchMs: 6 * 60 * 60 * 1000,",
    replacement: "closedWatchMs: 0,",
  },
  {
    name: "a promised bank transfer counts as received",
    file: manual,
    search:
      'state: receivedAt === null ? open : "captured",\n    capturedAmount: receivedAt === null ? 0 : amount,',
    replacement: 'state: open === "cancelled" ? open : "captured",\n    capturedAmount: amount,',
  },
  {
    name: "what is left of late money is taken for what was tried before",
    file: refundRules,
    search:
      "export function surplusKey(attemptId: string, amount: number): string {\n  return `${attemptId} ${amount}`;",
    replacement:
      "export function surplusKey(attemptId: string, _amount: number): string {\n  return attemptId;",
  },
  {
    name: "units of a second refund do not come back on sale",
    file: refundRules,
    search: "id: `restock ${refundId}`, movementId",
    replacement: "id: `restock ${refundId.slice(0, 3)}`, movementId",
  },
  {
    name: "all refunds of an order are booked as one",
    file: books,
    search: "transactionId: `refund:${id}`",
    replacement: "transactionId: `refund:${orderId}`",
  },
];
