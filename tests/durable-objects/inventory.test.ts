import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";

const inventoryOf = (sku: string) => env.INVENTORY.get(env.INVENTORY.idFromName(sku));
type Inventory = ReturnType<typeof inventoryOf>;

const hourMs = 60 * 60 * 1000;

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

async function stocked(sku: string, quantity: number): Promise<Inventory> {
  const inventory = inventoryOf(sku);
  await inventory.adjust({ type: "receive", id: "first", movementId: "mov_1", quantity, reason: "test" });
  return inventory;
}

function hold(inventory: Inventory, id: string, quantity = 1) {
  return inventory.reserve({ type: "reserve", id, quantity, holdMs: hourMs });
}

test("a hundred buyers at once get exactly the seven units there are", async () => {
  const inventory = await stocked("seven", 7);
  const replies = await Promise.all(
    Array.from({ length: 100 }, (_, buyer) => hold(inventory, `buyer-${buyer}`)),
  );
  expect(replies.filter((reply) => reply.ok)).toHaveLength(7);
  expect(await inventory.read()).toMatchObject({ onHand: 7, held: 7, sold: 0 });
});

test("holds and their journal outlive the object's memory", async () => {
  const inventory = await stocked("evicted", 3);
  await hold(inventory, "a", 2);
  await evictDurableObject(inventory);
  expect(await hold(inventory, "a", 2)).toMatchObject({ ok: true, status: "held" });
  expect(await inventory.commit({ type: "commit", id: "a" })).toEqual({ ok: true });
  expect(await inventory.read()).toMatchObject({ onHand: 3, held: 0, sold: 2, seq: 3 });
  const seqs = await runInDurableObject(inventory, (_, state) =>
    state.storage.sql.exec<{ seq: number }>("select seq from journal order by seq").toArray(),
  );
  expect(seqs.map(({ seq }) => seq)).toEqual([1, 2, 3]);
});

test("an overdue hold is given back by whoever touches the object next", async () => {
  const inventory = await stocked("overdue", 1);
  await hold(inventory, "slow");
  vi.setSystemTime(Date.now() + hourMs);
  expect(await hold(inventory, "next")).toMatchObject({ ok: true });
});

test("an alarm is set, survives an unreachable database and is set again", async () => {
  const inventory = await stocked("alarm", 1);
  expect(await runDurableObjectAlarm(inventory)).toBe(true);
  const left = await runInDurableObject(inventory, async (_, state) => ({
    alarm: await state.storage.getAlarm(),
    journal: state.storage.sql.exec("select seq from journal").toArray().length,
  }));
  expect(left.journal).toBe(1);
  expect(left.alarm).toBeGreaterThan(Date.now());
});
