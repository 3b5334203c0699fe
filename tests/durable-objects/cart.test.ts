import { evictDurableObject, reset, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { newId } from "#core/ids";
import { currentTime } from "#core/time";
import { cartLimits } from "#durable-objects/cart/lines";

const newCart = () => env.CARTS.get(env.CARTS.idFromName(crypto.randomUUID()));
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
  const first = await cart.beginCheckout("order-key", "f");
  await cart.add(variant(), 1, undefined);
  await evictDurableObject(cart);
  expect(await cart.beginCheckout("order-key", "f")).toEqual(first);
  expect(await cart.beginCheckout("order-key", "other")).toEqual({ ok: false, reason: "key_reused" });
});

test("a placed order leaves what was added since, and is taken out once", async () => {
  const cart = newCart();
  const tent = variant();
  await cart.add(tent, 2, undefined);
  const checkout = await cart.beginCheckout("key", "f");
  if (!checkout.ok) throw new Error(checkout.reason);
  await cart.add(tent, 3, undefined);
  await cart.completeCheckout(checkout.orderId);
  await cart.completeCheckout(checkout.orderId);
  expect((await cart.view()).lines).toMatchObject([{ variantId: tent, quantity: 3 }]);
});

test("an empty cart starts no order", async () => {
  expect(await newCart().beginCheckout("key", "f")).toEqual({ ok: false, reason: "empty" });
});

test("a cart that nobody touches for thirty days is forgotten, and can be begun again", async () => {
  const cart = newCart();
  await cart.add(variant(), 1, undefined);
  vi.setSystemTime(Date.now() + cartLimits.idleMs + 1);
  await runDurableObjectAlarm(cart);
  expect((await cart.view()).lines).toEqual([]);
  expect(await cart.add(variant(), 1, undefined)).toMatchObject({ ok: true });
});
