import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { newId, shardOfId } from "#core/ids";
import { currentTime } from "#core/time";
import { cartLimits } from "#durable-objects/cart/lines";
import type { CartObject } from "#durable-objects/cart/object";
import { CartStore } from "#durable-objects/cart/store";

const newCart = () => env.CARTS.get(env.CARTS.idFromName(crypto.randomUUID()));
const cartId = newId("cart", currentTime());
const variant = () => newId("variant", currentTime());

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

test("adding a variant twice makes one line with both quantities", async () => {
  const cart = newCart();
  const tent = variant();
  await cart.add(tent, 2, undefined);
  await cart.add(tent, 3, undefined);
  const { lines } = await cart.view();
  expect(lines).toMatchObject([{ variantId: tent, quantity: 5 }]);
});

test("an addition to a cart that has its alarm writes its one row and nothing else", async () => {
  const cart = newCart();
  await cart.add(variant(), 1, undefined);
  const early = currentTime() + 3_600_000;
  await runInDurableObject(cart, (_, { storage }) => storage.setAlarm(early));
  await cart.add(variant(), 1, undefined);
  await runInDurableObject(cart, async (_, { storage }) => {
    expect(await storage.getAlarm()).toBe(early);
    const tables = storage.sql.exec<{ name: string }>(
      "select name from sqlite_schema where type = 'table' and name not like '%cf%'",
    );
    expect(tables.toArray()).toEqual([{ name: "cart" }]);
    expect(storage.sql.exec("select * from cart").toArray()).toHaveLength(1);
  });
});

test("a command that comes twice under its key takes effect once, and another under that key is refused", async () => {
  const cart = newCart();
  const tent = variant();
  const key = { key: "k1", fingerprint: "f1" };
  await cart.add(tent, 2, key);
  expect(await cart.add(tent, 2, key)).toMatchObject({ ok: true, replayed: true });
  expect(await cart.add(tent, 9, { key: "k1", fingerprint: "f2" })).toEqual({
    ok: false,
    reason: "key_reused",
  });
  expect((await cart.view()).lines).toMatchObject([{ quantity: 2 }]);
});

test("a cart takes no more lines and no larger quantities than its limits", async () => {
  const cart = newCart();
  for (let line = 0; line < cartLimits.linesMax; line++) await cart.add(variant(), 1, undefined);
  expect(await cart.add(variant(), 1, undefined)).toEqual({ ok: false, reason: "too_many_lines" });
  const [first] = (await cart.view()).lines;
  expect(await cart.setQuantity(first?.id ?? "", cartLimits.quantityMax + 1, undefined)).toEqual({
    ok: false,
    reason: "quantity_too_large",
  });
});

test("one key finds the same order and the same lines, whatever happens to the cart and the process", async () => {
  const cart = newCart();
  const tent = variant();
  await cart.add(tent, 2, undefined);
  const first = await cart.beginCheckout("order-key", "f", cartId);
  await cart.add(variant(), 1, undefined);
  await evictDurableObject(cart);
  expect(await cart.beginCheckout("order-key", "f", cartId)).toEqual(first);
  expect(await cart.beginCheckout("order-key", "other", cartId)).toEqual({ ok: false, reason: "key_reused" });
});

test("a placed order leaves what was added since, and is taken out once", async () => {
  const cart = newCart();
  const tent = variant();
  await cart.add(tent, 2, undefined);
  const checkout = await cart.beginCheckout("key", "f", cartId);
  if (!checkout.ok) throw new Error(checkout.reason);
  expect(shardOfId(checkout.orderId)).toBe(shardOfId(cartId));
  await cart.add(tent, 3, undefined);
  await cart.completeCheckout(checkout.orderId);
  await cart.completeCheckout(checkout.orderId);
  expect((await cart.view()).lines).toMatchObject([{ variantId: tent, quantity: 3 }]);
});

test("the newest checkouts are remembered, and the oldest forgotten", async () => {
  const cart = newCart();
  await cart.add(variant(), 1, undefined);
  const keys = Array.from({ length: cartLimits.checkoutsMax + 1 }, (_, each) => `key-${each}`);
  const begin = async (key: string) => {
    const checkout = await cart.beginCheckout(key, "f", cartId);
    return checkout.ok ? checkout.orderId : checkout.reason;
  };
  const orderIds: string[] = [];
  for (const key of keys) {
    orderIds.push(await begin(key));
    // Ids of one millisecond are in no order.
    await scheduler.wait(2);
  }
  expect(await begin("key-1")).toBe(orderIds[1]);
  expect(await begin("key-0")).not.toBe(orderIds[0]);
});

test("a checkout that was given up sets its key free, and its order still takes its lines", async () => {
  const cart = newCart();
  await cart.add(variant(), 1, undefined);
  const given = await cart.beginCheckout("key", "f", cartId);
  if (!given.ok) throw new Error(given.reason);
  await cart.abandonCheckout(given.orderId);
  expect(await cart.beginCheckout("key", "f", cartId)).not.toMatchObject({ orderId: given.orderId });
  await cart.completeCheckout(given.orderId);
  expect((await cart.view()).lines).toEqual([]);
});

test("an empty cart starts no order", async () => {
  expect(await newCart().beginCheckout("key", "f", cartId)).toEqual({ ok: false, reason: "empty" });
});

test("a cart that nobody touches for thirty days is forgotten, and can be begun again", async () => {
  const cart = newCart();
  await cart.add(variant(), 1, undefined);
  vi.setSystemTime(Date.now() + cartLimits.idleMs + 1);
  await runDurableObjectAlarm(cart);
  expect((await cart.view()).lines).toEqual([]);
  expect(await cart.add(variant(), 1, undefined)).toMatchObject({ ok: true });
});

/** A cart under the name that another cart's handover knows it by. */
function cartOfAccount() {
  const id = newId("cart", currentTime());
  return { id, cart: env.CARTS.get(env.CARTS.idFromName(id)) };
}

test("however many sign-ins come at once, a guest's lines arrive once", async () => {
  const guest = newCart();
  const account = cartOfAccount();
  const [tent, stove] = [variant(), variant()];
  await guest.add(tent, 2, undefined);
  await guest.add(stove, 1, undefined);
  await account.cart.add(tent, 1, undefined);
  await Promise.all(Array.from({ length: 10 }, () => guest.handOver(account.id)));
  const { lines } = await account.cart.view();
  expect(lines).toMatchObject([
    { variantId: tent, quantity: 2 },
    { variantId: stove, quantity: 1 },
  ]);
  expect((await guest.view()).lines).toEqual([]);
});

test("two accounts that claim one guest's cart at once do not both get it", async () => {
  const guest = newCart();
  const [one, other] = [cartOfAccount(), cartOfAccount()];
  await guest.add(variant(), 3, undefined);
  await Promise.all([guest.handOver(one.id), guest.handOver(other.id)]);
  const arrived = [...(await one.cart.view()).lines, ...(await other.cart.view()).lines];
  expect(arrived).toMatchObject([{ quantity: 3 }]);
});

test("a handover that was cut off is finished by the alarm, once", async () => {
  const guest = newCart();
  const account = cartOfAccount();
  const line = { id: newId("cartLine", currentTime()), variantId: variant(), quantity: 2 };
  await runInDurableObject(guest, async (_cart: CartObject, { storage }) => {
    new CartStore(storage.sql).openHandover({
      id: newId("handover", currentTime()),
      to: account.id,
      lines: [line],
    });
    await storage.setAlarm(currentTime() + 60_000);
  });
  expect(await runDurableObjectAlarm(guest)).toBe(true);
  await guest.handOver(account.id);
  expect((await account.cart.view()).lines).toMatchObject([{ quantity: 2 }]);
});

test("lines that do not fit into the account's cart stay with the guest", async () => {
  const guest = newCart();
  const account = cartOfAccount();
  for (let line = 1; line < cartLimits.linesMax; line++) await account.cart.add(variant(), 1, undefined);
  await guest.add(variant(), 1, undefined);
  await guest.add(variant(), 7, undefined);
  await guest.handOver(account.id);
  expect((await account.cart.view()).lines).toHaveLength(cartLimits.linesMax);
  expect((await guest.view()).lines).toMatchObject([{ quantity: 7 }]);
});

test("what a guest ordered just before signing in leaves the account's cart, too", async () => {
  const guest = newCart();
  const account = cartOfAccount();
  const [tent, stove] = [variant(), variant()];
  await guest.add(tent, 2, undefined);
  const checkout = await guest.beginCheckout("order-key", "f", cartId);
  if (!checkout.ok) throw new Error("the checkout should begin");
  await guest.add(stove, 1, undefined);
  await guest.handOver(account.id);
  await guest.completeCheckout(checkout.orderId);
  await account.cart.add(tent, 1, undefined);
  await guest.completeCheckout(checkout.orderId);
  expect((await account.cart.view()).lines).toMatchObject([
    { variantId: stove, quantity: 1 },
    { variantId: tent, quantity: 1 },
  ]);
});
