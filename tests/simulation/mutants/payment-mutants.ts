import type { Mutant } from "./mutant.ts";

const rules = "src/features/payments/rules.ts";
const settlement = "src/features/payments/settlement.ts";
const closing = "src/features/payments/closing.ts";
const opening = "src/features/payments/opening.ts";
const events = "src/features/payments/event-processing.ts";
const types = "src/features/payments/event-types.ts";
const books = "src/features/payments/bookkeeping.ts";

/** Bugs in the fold over a payment's facts, its settlement, its opening and closing, and the books. */
export const paymentMutants: readonly Mutant[] = [
  {
    name: "an authorisation for an ended order is kept",
    file: rules,
    search:
      'return { do: "record_authorised" };\n      return hasEnded(order.status) ? { do: "void" } : { do: "rest" };',
    replacement: 'return { do: "record_authorised" };\n      return { do: "rest" };',
  },
  {
    name: "an approval for an ended order is kept",
    file: rules,
    search:
      'return { do: "complete_authorisation" };\n      return hasEnded(order.status) ? { do: "void" } : { do: "rest" };',
    replacement: 'return { do: "complete_authorisation" };\n      return { do: "rest" };',
  },
  {
    name: "an approval is never turned into an authorisation",
    file: rules,
    search: 'if (isPayable(order.status)) return { do: "complete_authorisation" };',
    replacement: 'if (order.status === "authorised") return { do: "complete_authorisation" };',
  },
  {
    name: "a payment opened while its order ended stays open",
    file: rules,
    search: 'if (hasEnded(order.status)) return { do: "void" };\n      // What we ended stays ended',
    replacement: "// What we ended stays ended",
  },
  {
    name: "a payment that we ended is open again because its provider was not told",
    file: rules,
    search: 'if (attempt.status === "cancelled") return { do: "rest" };\n      return recordAttempt',
    replacement: "return recordAttempt",
  },
  {
    name: "an open payment that the buyer left for another is never ended",
    file: rules,
    search: 'return isOpen(attempt.status) ? { do: "void" } : { do: "rest" };',
    replacement: 'return { do: "rest" };',
  },
  {
    name: "an authorisation that ended leaves its order waiting",
    file: rules,
    search: 'if (isBeingCaptured(order, attempt)) return { do: "record_voided" };',
    replacement: "",
  },
  {
    name: "money for an ended order is kept",
    file: rules,
    search: "const isSurplus = !isDue && kept > 0 &&",
    replacement: "const isSurplus = !isDue && kept < 0 &&",
  },
  {
    name: "a captured payment of a waiting order is taken for done",
    file: rules,
    search:
      'if (isBeingCaptured(order, attempt) || isPayable(order.status)) return { do: "commit_and_capture" };',
    replacement: 'if (isBeingCaptured(order, attempt)) return { do: "commit_and_capture" };',
  },
  {
    name: "an authorised order rests before its capture",
    file: rules,
    search:
      'case "authorised":\n      if (isBeingCaptured(order, attempt)) return { do: "commit_and_capture" };',
    replacement: 'case "authorised":',
  },
  {
    name: "every payment is taken for another order's",
    file: rules,
    search: "attempt: facts.attemptId ?? null,",
    replacement: 'attempt: "pay_of_another",',
  },
  {
    name: "money is captured before stock is committed",
    file: settlement,
    search: "const missing = await ports.commitStock(order);",
    replacement:
      'if (facts.state === "authorised") await ports.capture(attempt, facts.reference);\n  const missing = await ports.commitStock(order);',
  },
  {
    name: "an order is paid without its stock",
    file: settlement,
    search: "if (missing.length > 0)",
    replacement: "if (missing.length > 9)",
  },
  {
    name: "an order is paid although its money was not captured",
    file: settlement,
    search: 'if (captured.state !== "captured") return told(captured);',
    replacement: "",
  },
  {
    name: "a bank that takes its authorisation back keeps the order waiting",
    file: settlement,
    search: 'if (captured.state === "authorised" && captured.failureCode === undefined) return "rest";',
    replacement: 'if (captured.state === "authorised") return "rest";',
  },
  {
    name: "an order is paid without asking for the money",
    file: settlement,
    search:
      'const captured = facts.state === "captured" ? facts : await ports.capture(attempt, facts.reference);',
    replacement:
      'const captured = { ...facts, state: "captured", capturedAmount: facts.amount } as PaymentFacts;',
  },
  {
    name: "a payment without stock is cancelled here and not at the provider",
    file: settlement,
    search: "const cancelled = await ports.cancel(attempt, facts.reference);",
    replacement: 'const cancelled = { ...facts, state: "cancelled" } as PaymentFacts;',
  },
  {
    name: "a payment without stock is given back and its order left",
    file: settlement,
    search:
      'order: { transition: "cancel", event: "order.cancelled", data },\n    attempt: { id: attempt.id, status: "cancelled" },',
    replacement: 'attempt: { id: attempt.id, status: "cancelled" },',
  },
  {
    name: "captured money without stock is taken as paid",
    file: settlement,
    search: 'order: { transition: "review", event: "order.payment_review", data },',
    replacement: 'order: { transition: "pay", event: "order.paid", data },',
  },
  {
    name: "the attempt of a paid order stays authorised",
    file: settlement,
    search: 'attempt: { id: attempt.id, status: "captured", capturedAmount: captured.capturedAmount },',
    replacement: 'attempt: { id: attempt.id, status: "authorised" },',
  },
  {
    name: "an attempt without reference is never looked for",
    file: settlement,
    search:
      "      current = await keepingSight(ports, attempt, () => adoptPayment(ports, order, attempt));\n      continue;",
    replacement: "      return order;",
  },
  {
    name: "a payment is closed here and stays open at the provider",
    file: closing,
    search: "state: (await ports.cancel(attempt, known)).state };",
    replacement: 'state: "cancelled" };',
  },
  {
    name: "an order on its way to paid is voided by its cancellation",
    file: closing,
    search: 'if (order.status === "authorised" || attempt.status === "authorised")',
    replacement: 'if (order.status === "paid")',
  },
  {
    name: "orders that ended can be paid",
    file: opening,
    search: "if (!isPayable(order.status))\n    throw",
    replacement: 'if (order.status === "paid")\n    throw',
  },
  {
    name: "the second of two equal openings fails",
    file: opening,
    search: "if (attempt.providerReference === null) continue;",
    replacement: 'if (attempt.providerReference === null) throw new Error("no reference");',
  },
  {
    name: "a failed event counts as processed",
    file: events,
    search: "ports.isReflected(event, attempt))) await ports.settle(attempt);",
    replacement: "ports.isReflected(event, attempt))) await ports.settle(attempt).catch(() => undefined);",
  },
  {
    name: "events are never marked as processed",
    file: events,
    search: "if (settled.length > 0) await ports.markProcessed(idsOf(settled));",
    replacement: "",
  },
  {
    name: "an event's payment is not settled",
    file: events,
    search: "if (!accepted.every((event) => ports.isReflected(event, attempt))) await ports.settle(attempt);",
    replacement: "",
  },
  {
    name: "an event's payment is taken for settled before its capture",
    file: types,
    search: 'return status === "captured" && bearingOf',
    replacement: "return bearingOf",
  },
  {
    name: "money that went back is taken for news of the capture",
    file: types,
    search: '"charge.refunded": "always",',
    replacement: '"charge.refunded": "until_captured",',
  },
  {
    name: "the books are one-sided",
    file: books,
    search: '{ account: "sales", amount: -amount },',
    replacement: '{ account: "sales", amount: -amount + 1 },',
  },
  {
    name: "refunds are booked the wrong way round",
    file: books,
    search: '{ account: "refunds", amount },\n        { account: receivable, amount: -amount },',
    replacement: '{ account: "refunds", amount: -amount },\n        { account: receivable, amount },',
  },
  {
    name: "facts of an earlier attempt are held against the newest",
    file: settlement,
    search: "if (facts?.reference !== attempt.providerReference) facts = undefined;",
    replacement: "",
  },
  {
    name: "money that came too late is not given back",
    file: settlement,
    search:
      'return (await ports.refundSurplus(order, attempt, movedMoney(step, facts))) ? "rest" : lostRace;',
    replacement: 'return "rest";',
  },
  {
    name: "captured money without stock is not booked",
    file: settlement,
    search:
      'data },\n      attempt: { id: attempt.id, status: "captured", capturedAmount: facts.capturedAmount },',
    replacement: "data },",
  },
  {
    name: "the amount that was captured is not noted",
    file: settlement,
    search: 'attempt: { id: attempt.id, status: "captured", capturedAmount: captured.capturedAmount },',
    replacement: 'attempt: { id: attempt.id, status: "captured", capturedAmount: captured.refundedAmount },',
  },
  {
    name: "an authorisation that the buyer left for another payment is kept",
    file: rules,
    search: 'case "authorised":\n      return { do: "void" };',
    replacement: 'case "authorised":\n      return { do: "rest" };',
  },
  {
    name: "money that the buyer's earlier payment took is kept",
    file: rules,
    search: 'return moneyStep(attempt, facts, false) ?? { do: "rest" };',
    replacement: 'return { do: "rest" };',
  },
  {
    name: "an order whose payment was lost from sight stays so",
    file: rules,
    search: 'if (order.status === "payment_unknown") return { do: "record_sighted", status: facts.state };',
    replacement: 'if (order.status === "payment_unknown") return { do: "rest" };',
  },
  {
    name: "a second way to pay is opened beside the first",
    file: opening,
    search: "      await supersede(ports, order.id);\n      continue;",
    replacement: "      return ports.load().then(() => Promise.reject(new Error('two payments')));",
  },
];
