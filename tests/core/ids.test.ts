import { expect, test } from "vitest";
import { firstIdAt, livesWithOrder, newId, newIdBeside, shardOfId, timeOfId } from "#core/ids";
import { epochMs } from "#core/time";

const now = epochMs(Date.UTC(2026, 10, 1));

test("the first two random letters of an id are its shard, from 0 to 1023", () => {
  const idWith = (letters: string) => `ord_01kaxk0000${letters.padEnd(16, "a")}`;
  expect(["00", "zz", "10", "01"].map((letters) => shardOfId(idWith(letters)))).toEqual([0, 1023, 32, 1]);
  const shards = new Set(Array.from({ length: 20_000 }, () => shardOfId(newId("user", now))));
  expect(shards.size).toBe(1024);
});

test("an id beside another shares its shard, and is otherwise as new and as timely as any", () => {
  const cart = newId("cart", now);
  const orders = Array.from({ length: 1_000 }, () => newIdBeside("order", epochMs(now + 1), cart));
  expect(orders.every((id) => shardOfId(id) === shardOfId(cart) && timeOfId(id) === now + 1)).toBe(true);
  expect(orders.every((id) => /^ord_[0-9a-hjkmnp-tv-z]{26}$/.test(id))).toBe(true);
  expect(new Set(orders).size).toBe(1_000);
});

test("what lives with an order is told by its kind", () => {
  const ids = (["order", "refund", "return", "paymentAttempt", "dispute"] as const).map((kind) =>
    newId(kind, now),
  );
  expect(ids.every(livesWithOrder)).toBe(true);
  const others = (["user", "product", "cart", "paymentEvent", "paymentDifference"] as const).map((kind) =>
    newId(kind, now),
  );
  expect([...others, "order", "ordinary"].some(livesWithOrder)).toBe(false);
});

test("ids of a moment sort behind where it begins, and those of earlier ones before it", () => {
  const begin = firstIdAt("user", now);
  expect(newId("user", epochMs(now - 1)) < begin).toBe(true);
  expect(newId("user", now) > begin).toBe(true);
  expect(firstIdAt("user", epochMs(0)) < begin).toBe(true);
});
