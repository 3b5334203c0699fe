import { type OrderStatus, hasEnded, isPayable, reservationId, unitsBySku } from "#features/orders/rules";
import { checkTimes, openAttemptStatuses } from "#features/payments/rules";
import { Violation } from "./network.ts";
import { takesMoney } from "./world/provider.ts";
import type { BooksModel } from "./world/books.ts";
import type { AttemptRow, Order, RefundRow } from "./world/rows.ts";
import type { World } from "./world/world.ts";

/** What must hold once nothing is under way any more, whatever came before. */
export function checkRest(world: World): void {
  const { database } = world;
  if (database.nextDueAt() !== undefined)
    throw new Violation("nothing waits at rest", `something is due at ${database.nextDueAt()}`);
  for (const id of database.orders.keys()) {
    const order = database.load(id);
    if (order) checkOrder(world, order);
  }
  for (const sku of world.inventory.keys()) checkSku(world, sku);
  for (const cartId of world.carts.keys()) checkCart(world, cartId);
  for (const entry of database.outbox.entries)
    if (entry.state !== "delivered")
      throw new Violation("every event is delivered", `${entry.event.type} of ${entry.event.subject}`);
  for (const refund of database.refunds.rows.values()) checkRestock(world, refund);
  database.disputes.check();
  checkMoney(world);
}

function checkOrder(world: World, order: Order): void {
  const { id, status, attempt } = order;
  const disturbed = [...world.interfered].some((each) => world.provider.payments.get(each)?.orderId === id);
  if (isPayable(status) || status === "authorised" || (status === "payment_review" && !disturbed))
    throw new Violation("no order is stuck", `${id} is ${status}`);
  if (openAttemptStatuses.some((open) => open === attempt?.status))
    throw new Violation("no payment is stuck", `${attempt?.id} of ${id}, ${status}, is ${attempt?.status}`);
  for (let sequence = 1; sequence <= order.version; sequence++)
    if (!world.told.get(id)?.has(sequence))
      throw new Violation("the buyer hears of everything", `${id} has not told of ${sequence}`);
  const isWhole = order.refunded === order.total;
  if ((status === "partially_refunded" && isWhole) || (status === "refunded" && !isWhole))
    throw new Violation(
      "an order says what went back",
      `${id} is ${status}: ${order.refunded} of ${order.total}`,
    );
  if (status === "paid" && order.refunded > 0)
    throw new Violation("an order says what went back", `${id} is paid, ${order.refunded} went back`);
  if (isSold(status) && !world.hasCommitted(order)) throw new Violation("a paid order has its stock", id);
}

/** What was added is in the cart or was ordered; orders of two keys may have taken the same units. */
function checkCart(world: World, cartId: string): void {
  const cart = world.cart(cartId);
  if (cart.lines.some((line) => line.quantity < 1)) throw new Violation("cart lines have units", cartId);
  const orders = [...world.database.orders.values()].filter((order) => order.cartId === cartId);
  for (const [sku, added] of cart.added) {
    const units = cart.lines
      .filter((line) => line.variantId === sku)
      .reduce((sum, line) => sum + line.quantity, 0);
    const takenBy = orders.map(({ lines }) => unitsBySku(lines).find(([each]) => each === sku)?.[1] ?? 0);
    const takenAtMost = takenBy.reduce((sum, each) => sum + each, 0);
    const takenAtLeast = Math.max(0, ...takenBy);
    if (units < added - takenAtMost || units > added - takenAtLeast)
      throw new Violation(
        "ordered units leave the cart, once",
        `${cartId}: ${units} of ${added} ${sku} are left`,
      );
  }
}

function checkSku(world: World, sku: string): void {
  const model = world.sku(sku);
  let claimed = 0;
  for (const order of world.database.orders.values()) {
    const units = unitsBySku(order.lines).find(([each]) => each === sku)?.[1] ?? 0;
    const claim = model.reservation(reservationId(order.id, sku));
    const mayBeSold = order.status === "payment_review" || order.status === "refunded";
    if (isSold(order.status) || (mayBeSold && claim?.status === "committed")) claimed += units;
  }
  if (model.stock.held !== 0) throw new Violation("no hold is stranded", `${sku} holds ${model.stock.held}`);
  if (model.stock.sold !== claimed)
    throw new Violation("what is sold is what was paid", `${sku}: ${model.stock.sold} sold, ${claimed} paid`);
}

/** The units of a refund come back on sale exactly where it succeeded and says so. */
function checkRestock(world: World, refund: RefundRow): void {
  const { id, orderId, status, restock, lines } = refund;
  if (status === "pending") throw new Violation("no refund is stuck", id);
  const order = world.database.orders.get(orderId);
  for (const sku of world.inventory.keys()) {
    const returned = lines.filter((line) =>
      order?.lines.some((each) => each.id === line.order_line_id && each.sku === sku),
    );
    const due =
      restock && status === "succeeded" ? returned.reduce((sum, { quantity }) => sum + quantity, 0) : 0;
    const adjustment = world.sku(sku).adjustment(`restock ${id}`);
    const moved = adjustment?.reply.ok ? adjustment.reply.movement.quantity : 0;
    if (moved !== due)
      throw new Violation("refunded units come back on sale", `${id}: ${moved} of ${due} ${sku}`);
  }
}

function isSold(status: OrderStatus): boolean {
  return status === "paid" || status === "partially_refunded";
}

function checkMoney(world: World): void {
  const { database } = world;
  const kept = new Map<string, number>();
  let received = 0;
  let returned = 0;
  for (const facts of world.payments()) {
    const orderId = facts.orderId ?? "";
    const order = database.orders.get(orderId);
    if (facts.state === "authorised" && order?.status !== "payment_review")
      throw new Violation("no authorisation is left open", `${facts.reference} of ${orderId}`);
    if (order && hasEnded(order.status) && takesMoney(facts) && world.handedOver.has(facts.reference))
      throw new Violation("nobody can pay for an order that has ended", `${facts.reference} of ${orderId}`);
    kept.set(orderId, (kept.get(orderId) ?? 0) + facts.capturedAmount - facts.refundedAmount);
    received += facts.capturedAmount;
    returned += facts.refundedAmount;
  }
  for (const order of database.orders.values()) {
    const due = isSold(order.status) ? order.total - order.refunded : 0;
    if (order.status !== "payment_review" && (kept.get(order.id) ?? 0) !== due)
      throw new Violation(
        "buyers pay what they bought, once",
        `${order.id}: ${kept.get(order.id)} of ${due}`,
      );
  }
  for (const attempt of database.attempts.values()) {
    checkPayment(world, attempt);
    checkGivenBack(world, attempt);
  }
  checkBooks(database.books, { received, returned });
}

/** One payment pays its order; of every other one all that was taken went back once, and the books say both. */
function checkPayment(world: World, attempt: AttemptRow): void {
  const { database } = world;
  const { id, orderId } = attempt;
  const order = database.load(orderId);
  const facts = world.factsOf(attempt);
  if (order === undefined || facts?.state !== "captured" || order.status === "payment_review") return;
  const back = order.refunds
    .filter(({ attemptId, status }) => attemptId === id && status === "succeeded")
    .reduce((sum, { amount }) => sum + amount, 0);
  const pays = id === order.attempt?.id && !hasEnded(order.status);
  if (back !== (pays ? order.refunded : facts.capturedAmount))
    throw new Violation(
      "of two payments one pays",
      `${id} of ${orderId}: ${back} of ${facts.capturedAmount} went back`,
    );
  if (!database.books.has(`capture:${id}`))
    throw new Violation("what was taken is booked", `${id} of ${orderId}`);
}

/** A sweep comes once a minute, and calls take their time. */
const sweptWithinMs = 2 * 60_000;

/**
 * PayPal cannot end what a buyer has only approved: a process that was reserving the money meanwhile may do it after the
 * payment's end with us. It is held no longer than to the watch's next look, once calls get through.
 */
function checkGivenBack({ provider, faultlessSince }: World, attempt: AttemptRow): void {
  const { id, status, changedAt: endedAt, providerReference } = attempt;
  const reference = providerReference ?? "";
  const reservedAt = provider.reservedAt.get(reference);
  const cancelledAt = provider.cancelledAt.get(reference);
  if (status !== "cancelled" || reservedAt === undefined || cancelledAt === undefined) return;
  if (faultlessSince === undefined || provider.brokenKeys.has(`${id}-cancel`)) return;
  const heldFrom = Math.max(reservedAt, endedAt, faultlessSince);
  const { pauseMsMin, pauseShare } = checkTimes;
  const heldMsMax = Math.max(pauseMsMin, (heldFrom - endedAt) * pauseShare) + sweptWithinMs;
  if (cancelledAt - heldFrom > heldMsMax)
    throw new Violation(
      "what nobody needs is held at PayPal until the next look",
      `${id}: ${(cancelledAt - heldFrom) / 1000} s, not ${heldMsMax / 1000} s`,
    );
}

function checkBooks(books: BooksModel, { received, returned }: { received: number; returned: number }): void {
  const sum = [...books.accounts.values()].reduce((total, each) => total + each, 0);
  if (sum !== 0) throw new Violation("money sums to zero", `the books are off by ${sum}`);
  if (-books.balance("sales") !== received || books.balance("refunds") !== returned)
    throw new Violation(
      "the books say what the provider says",
      `${received} received, ${-books.balance("sales")} booked; ${returned} returned, ${books.balance("refunds")} booked`,
    );
}
