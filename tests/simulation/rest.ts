import { hasEnded, isPayable, reservationId, unitsBySku } from "#features/orders/rules";
import { openAttemptStatuses } from "#features/payments/rules";
import { Violation } from "./network.ts";
import type { Order } from "./world/rows.ts";
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
  if (status === "paid" && !world.hasCommitted(order)) throw new Violation("a paid order has its stock", id);
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
    if (order.status === "paid") claimed += units;
    const claim = model.reservation(reservationId(order.id, sku));
    if (order.status === "payment_review" && claim?.status === "committed") claimed += units;
  }
  if (model.stock.held !== 0) throw new Violation("no hold is stranded", `${sku} holds ${model.stock.held}`);
  if (model.stock.sold !== claimed)
    throw new Violation("what is sold is what was paid", `${sku}: ${model.stock.sold} sold, ${claimed} paid`);
}

function checkMoney({ provider, database }: World): void {
  const kept = new Map<string, number>();
  let received = 0;
  let returned = 0;
  for (const facts of provider.payments.values()) {
    const orderId = facts.orderId ?? "";
    const order = database.orders.get(orderId);
    if (facts.state === "authorised" && order?.status !== "payment_review")
      throw new Violation("no authorisation is left open", `${facts.reference} of ${orderId}`);
    if (order && hasEnded(order.status) && facts.state !== "cancelled" && facts.state !== "captured")
      throw new Violation("nobody can pay for an order that has ended", `${facts.reference} of ${orderId}`);
    kept.set(orderId, (kept.get(orderId) ?? 0) + facts.capturedAmount - facts.refundedAmount);
    received += facts.capturedAmount;
    returned += facts.refundedAmount;
  }
  for (const order of database.orders.values()) {
    const due = order.status === "paid" ? order.total : 0;
    if (order.status !== "payment_review" && (kept.get(order.id) ?? 0) !== due)
      throw new Violation(
        "buyers pay what they bought, once",
        `${order.id}: ${kept.get(order.id)} of ${due}`,
      );
  }
  checkBooks(database.accounts, { received, returned });
}

function checkBooks(
  accounts: ReadonlyMap<string, number>,
  { received, returned }: { received: number; returned: number },
): void {
  const balance = (account: string) => accounts.get(account) ?? 0;
  const sum = [...accounts.values()].reduce((total, each) => total + each, 0);
  if (sum !== 0) throw new Violation("money sums to zero", `the books are off by ${sum}`);
  if (-balance("sales") !== received || balance("refunds") !== returned)
    throw new Violation(
      "the books say what the provider says",
      `${received} received, ${-balance("sales")} booked; ${returned} returned, ${balance("refunds")} booked`,
    );
}
