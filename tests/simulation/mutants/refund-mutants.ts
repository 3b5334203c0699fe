import type { Mutant } from "./mutant.ts";

const refundRules = "src/features/payments/refund-rules.ts";
const refunding = "src/features/payments/refunding.ts";
const disputes = "src/features/payments/dispute-recording.ts";
const rules = "src/features/payments/rules.ts";

/** Bugs in refunds by staff and in the provider's dashboard, in restocking, and in disputes. */
export const refundMutants: readonly Mutant[] = [
  {
    name: "refunds under way do not count as given",
    file: refundRules,
    search: '.filter((refund) => refund.status !== "failed")\n    .reduce',
    replacement: '.filter((refund) => refund.status === "succeeded")\n    .reduce',
  },
  {
    name: "refunds that failed count as given",
    file: refundRules,
    search: '.filter((refund) => refund.status !== "failed")\n    .reduce',
    replacement: ".filter((refund) => refund.amount > 0)\n    .reduce",
  },
  {
    name: "more goes back than was paid",
    file: refundRules,
    search: "return amount > left ?",
    replacement: "return amount > left + 1 ?",
  },
  {
    name: "the price of refunded lines forgets their quantity",
    file: refundRules,
    search: "return sum + unitPrice * line.quantity;",
    replacement: "return sum + unitPrice;",
  },
  {
    name: "a line is refunded again and again",
    file: refundRules,
    search: "if (units < quantity) return",
    replacement: "if (units < -quantity) return",
  },
  {
    name: "lines of failed refunds stay refunded",
    file: refundRules,
    search: 'if (refund.status === "failed") continue;',
    replacement: "",
  },
  {
    name: "an order of which a part went back counts as refunded",
    file: refundRules,
    search: 'return order.refunded + amount === order.total ? "refund_all" : "refund_part";',
    replacement: 'return order.refunded + amount > 0 ? "refund_all" : "refund_part";',
  },
  {
    name: "an order that went back in parts never counts as refunded",
    file: refundRules,
    search: 'return order.refunded + amount === order.total ? "refund_all" : "refund_part";',
    replacement: 'return amount === order.total ? "refund_all" : "refund_part";',
  },
  {
    name: "a late payment's refund moves the order that had ended",
    file: refundRules,
    search: "if (hasEnded(order.status)) return undefined;",
    replacement: "",
  },
  {
    name: "units of a failed refund come back on sale",
    file: refundRules,
    search: 'refund.restock && refund.status === "succeeded"',
    replacement: "refund.restock",
  },
  {
    name: "refunded units come back on sale unasked",
    file: refundRules,
    search: 'refund.restock && refund.status === "succeeded"',
    replacement: 'refund.status === "succeeded"',
  },
  {
    name: "only the first SKU of a refund comes back on sale",
    file: refundRules,
    search: "return unitsBySku(units).map(",
    replacement: "return unitsBySku(units.slice(0, 1)).map(",
  },
  {
    name: "a failed refund is booked",
    file: refunding,
    search: 'event: "order.refund_failed", refunded: order.refunded },\n        booked: false,',
    replacement: 'event: "order.refund_failed", refunded: order.refunded },\n        booked: true,',
  },
  {
    name: "a succeeded refund is not booked",
    file: refunding,
    search: "booked: true,",
    replacement: "booked: false,",
  },
  {
    name: "an order forgets what of it went back",
    file: refundRules,
    search: "refunded: refunded + amount }",
    replacement: "refunded: amount }",
  },
  {
    name: "a refund under way is booked at once",
    file: refunding,
    search: 'case "pending":\n      return { facts, order: undefined, booked: false };',
    replacement: 'case "pending":\n      return { facts, order: undefined, booked: true };',
  },
  {
    name: "a refund whose outcome lost a race counts as done",
    file: refunding,
    search: "if (await ports.store(order, current, changeOf(order, current, facts))) {",
    replacement: "await ports.store(order, current, changeOf(order, current, facts));\n    {",
  },
  {
    name: "what went back in the dashboard is not booked",
    file: rules,
    search: "if (unbooked > 0) return",
    replacement: "if (unbooked < 0) return",
  },
  {
    name: "a repeated look books a refund in the dashboard again",
    file: rules,
    search: '{ do: "record_provider_refund", amount: unbooked }',
    replacement: '{ do: "record_provider_refund", amount: facts.refundedAmount }',
  },
  {
    name: "our own refund is booked as one in the dashboard",
    file: rules,
    search: 'if (attempt.refundPending) return { do: "rest" };',
    replacement: "",
  },
  {
    name: "every report of a dispute is recorded",
    file: disputes,
    search: "if (known && !isNews(known, { status, reportedAt })) return;",
    replacement: "",
  },
  {
    name: "two reports of a dispute at once are recorded twice",
    file: disputes,
    search:
      "const order = await ports.load();\n    if (order === undefined) return;\n    const known = await ports.find();",
    replacement:
      "const known = await ports.find();\n    const order = await ports.load();\n    if (order === undefined) return;",
  },
  {
    name: "a late report reopens a decided dispute",
    file: disputes,
    search: "return laterMs > 0 ||",
    replacement: "return laterMs !== 0 ||",
  },
  {
    name: "a dispute decided within its first second stays open",
    file: disputes,
    search: 'return laterMs > 0 || (laterMs === 0 && known.status === "open");',
    replacement: "return laterMs > 0;",
  },
];
