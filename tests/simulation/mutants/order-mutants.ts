import type { Mutant } from "./mutant.ts";

const placement = "src/features/orders/placement.ts";
const ending = "src/features/orders/ending.ts";
const orderRules = "src/features/orders/rules.ts";
const checkouts = "durable-objects/cart/checkouts.ts";
const cartLines = "durable-objects/cart/lines.ts";
const quotes = "src/features/checkout/rules.ts";
const money = "src/core/money.ts";
const drain = "src/events/drain.ts";
const delivery = "src/events/deliver-round.ts";

/** Bugs in carts, quotes, the placing and the ending of orders, and in the outbox's drain. */
export const orderMutants: readonly Mutant[] = [
  {
    name: "a cart mints a new order id for every try",
    file: checkouts,
    search: "return { reply: { ok: true, orderId: known.orderId, lines: known.lines } };",
    replacement:
      "return { reply: { ok: true, orderId: request.orderId, lines: known.lines }, checkout: { ...known, orderId: request.orderId } };",
  },
  {
    name: "a key takes whatever body it comes with",
    file: checkouts,
    search: "if (known.fingerprint !== request.fingerprint)",
    replacement: "if (known.fingerprint === undefined)",
  },
  {
    name: "ordered lines leave the cart twice",
    file: checkouts,
    search: 'if (checkout.status === "placed") return undefined;\n  return { checkout',
    replacement: "return { checkout",
  },
  {
    name: "ordered lines stay in the cart",
    file: cartLines,
    search: "return line.quantity > taken ?",
    replacement: "return line.quantity >= taken ?",
  },
  {
    name: "stock is not held before an order is stored",
    file: placement,
    search: "const short = await holdStock(ports.stock, { id: orderId, lines: quote.lines });",
    replacement: "const short: readonly ShortUnits[] = []; void holdStock;",
  },
  {
    name: "an order that is short is placed nevertheless",
    file: placement,
    search: "if (short.length > 0) {",
    replacement: "if (short.length > 2) {",
  },
  {
    name: "an order refused for stock keeps its key busy",
    file: placement,
    search: "if (short.length > 0) {\n    await ports.abandonCheckout(orderId);",
    replacement: "if (short.length > 0) {",
  },
  {
    name: "the loser of two equal requests fails",
    file: placement,
    search: "(await ports.store(orderId, quote)) ?? (await ports.findAnswer());",
    replacement: "await ports.store(orderId, quote);",
  },
  {
    name: "an order ends while its payment is open",
    file: ending,
    search: "const payment = await ports.endPayment(current);",
    replacement: 'const payment = { outcome: "ended", order: current } as PaymentEnd<Order>;',
  },
  {
    name: "an order ends although it was paid",
    file: ending,
    search: 'if (payment.outcome === "settled" || !possible) return payment.order;',
    replacement: "",
  },
  {
    name: "an overdue order expires without a look at the provider",
    file: ending,
    search: "const order = await ports.settlePayment(orderId);",
    replacement: "const order = await ports.load(orderId);",
  },
  {
    name: "overdue orders stay",
    file: ending,
    search: "if (order === undefined || !isPayable(order.status)) return;",
    replacement: "if (order === undefined || isPayable(order.status)) return;",
  },
  {
    name: "an expired order is said to be cancelled",
    file: orderRules,
    search:
      '    lose_sight: "payment_unknown",\n    review: "payment_review",\n    cancel: "cancelled",\n    expire: "expired",',
    replacement:
      '    lose_sight: "payment_unknown",\n    review: "payment_review",\n    cancel: "payment_unknown",\n    expire: "expired",',
  },
  {
    name: "an authorised order cannot be cancelled",
    file: orderRules,
    search: 'lose_sight: "payment_unknown",\n    review: "payment_review",\n    cancel: "cancelled",\n  },',
    replacement: 'lose_sight: "payment_unknown",\n    review: "payment_review",\n  },',
  },
  {
    name: "a quote forgets the quantity of a line",
    file: quotes,
    search: "multiplyMoney(line.unitPrice, line.quantity)",
    replacement: "multiplyMoney(line.unitPrice, Math.min(line.quantity, 2))",
  },
  {
    name: "a sum forgets its last amount",
    file: money,
    search: "for (const amount of amounts) total",
    replacement: "for (const amount of amounts.slice(0, 2)) total",
  },
  {
    name: "a failed handler's event counts as delivered",
    file: delivery,
    search: "if (fault === undefined) delivered",
    replacement: "if (fault !== null) delivered",
  },
  {
    name: "a handler counts as done although it failed",
    file: delivery,
    search: "    await handler.handle(delivery.row.event);\n    delivery.handledBy.push(handler.name);",
    replacement: "    delivery.handledBy.push(handler.name);\n    await handler.handle(delivery.row.event);",
  },
  {
    name: "events die after their first failure",
    file: delivery,
    search: "failures >= deliveryLimits.attemptsMax ?",
    replacement: "failures >= 1 ?",
  },
  {
    name: "a drain forgets to mark what it delivered",
    file: drain,
    search: "dependencies.lease(both, positions)",
    replacement: "dependencies.lease(both, [])",
  },
  {
    name: "every event of a round goes to the first one's handler",
    file: delivery,
    search: "const error = await runAlone(task);\n      if",
    replacement:
      "const error = await runAlone({ ...task, handler: tasks[0]?.handler ?? task.handler });\n      if",
  },
  {
    name: "a failed handler's name is kept as done",
    file: delivery,
    search: '    return error ?? new Error("thrown: nothing");\n  }\n}\n\n/** The search',
    replacement:
      '    delivery.handledBy.push(handler.name);\n    return error ?? new Error("thrown: nothing");\n  }\n}\n\n/** The search',
  },
  {
    name: "a refused request makes the cart forget its twin's order",
    file: checkouts,
    search: "return { ...checkout, key: `abandoned ${checkout.orderId}` };",
    replacement: 'return { ...checkout, key: `abandoned ${checkout.orderId}`, status: "placed" };',
  },
  {
    name: "a refused checkout keeps its key",
    file: checkouts,
    search: "key: `abandoned ${checkout.orderId}`",
    replacement: "key: checkout.key",
  },
  {
    name: "units that are added replace those in the cart",
    file: cartLines,
    search: "existing.quantity + added.quantity",
    replacement: "added.quantity",
  },
  {
    name: "a partly ordered line leaves the cart as a whole",
    file: cartLines,
    search: "return line.quantity > taken ?",
    replacement: "return taken === 0 ?",
  },
];
