import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { pruneRowsMax, retention } from "#durable-objects/inventory/retention";

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

test("a fault in one command takes no other with it", async () => {
  const inventory = await stocked("fault", 5);
  await hold(inventory, "broken", 2);
  // The books no longer cover this hold: to give it back would break a check of the database.
  await runInDurableObject(inventory, (_, state) => void state.storage.sql.exec("update stock set held = 0"));
  const outcomes = await Promise.allSettled([
    hold(inventory, "before"),
    inventory.release({ type: "release", id: "broken" }),
    hold(inventory, "after"),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  const left = await runInDurableObject(inventory, (_, { storage: { sql } }) => ({
    journal: sql.exec<{ kind: string }>("select kind from journal order by seq").toArray(),
    claims: sql.exec<{ id: string; status: string }>("select id, status from reservations").toArray(),
  }));
  expect(left.journal.map(({ kind }) => kind)).toEqual(["receive", "hold", "hold", "hold"]);
  expect(left.claims.map(({ id, status }) => `${id} ${status}`).toSorted()).toEqual([
    "after held",
    "before held",
    "broken held",
  ]);
});

test("a fault in the very first command leaves an object that takes the next", async () => {
  const inventory = inventoryOf("faulty beginning");
  const nameless = z.custom<string>().parse(null);
  const reserve = (id: string) => inventory.reserve({ type: "reserve", id, quantity: 1, holdMs: hourMs }, 10);
  const [faulty] = await Promise.allSettled([reserve(nameless)]);
  expect(faulty.status).toBe("rejected");
  expect(await reserve("next")).toMatchObject({ ok: true });
  await evictDurableObject(inventory);
  expect(await inventory.read()).toMatchObject({ onHand: 10, held: 1, seq: 2 });
});

test("a quantity beyond the limit is refused with a value", async () => {
  const inventory = await stocked("limits", 1);
  expect(await hold(inventory, "a", 2_000_000)).toEqual({ ok: false, reason: "limit_exceeded" });
  expect(await inventory.setThreshold({ type: "threshold", lowAt: -1 })).toMatchObject({ ok: false });
});

test("a threshold and the level that it gives outlive the object's memory", async () => {
  const inventory = await stocked("threshold", 8);
  await inventory.setThreshold({ type: "threshold", lowAt: 10 });
  await evictDurableObject(inventory);
  expect(await inventory.read()).toMatchObject({ lowAt: 10, level: "low", seq: 2 });
});

test("claims that ended long ago are forgotten in steps, and open ones are kept", async () => {
  // All of it happens at one moment, however long it takes.
  vi.setSystemTime(Date.now());
  const inventory = await stocked("old", 1_000);
  await hold(inventory, "sold");
  await inventory.commit({ type: "commit", id: "sold" });
  await Promise.all(
    Array.from({ length: pruneRowsMax + 1 }, (_, each) =>
      inventory.release({ type: "release", id: `late-${each}` }),
    ),
  );
  const remembered = () =>
    runInDurableObject(
      inventory,
      (_, { storage: { sql } }) => sql.exec("select id from reservations").toArray().length,
    );
  vi.setSystemTime(Date.now() + retention.endedClaimMs - 1_000);
  await runDurableObjectAlarm(inventory);
  expect(await remembered()).toBe(pruneRowsMax + 2);
  vi.setSystemTime(Date.now() + 2_000);
  await hold(inventory, "open");
  await runDurableObjectAlarm(inventory);
  expect(await remembered()).toBe(3);
  await runDurableObjectAlarm(inventory);
  expect(await remembered()).toBe(2);
  expect(await inventory.read()).toMatchObject({ held: 1, sold: 1 });
}, 30_000);

test("a journal that lost its alarm is copied after the next touch, though that changes nothing", async () => {
  const inventory = await stocked("alarm lost", 3);
  await runInDurableObject(inventory, (_, { storage }) => storage.deleteAlarm());
  await evictDurableObject(inventory);
  await inventory.read();
  const alarm = await runInDurableObject(inventory, (_, { storage }) => storage.getAlarm());
  expect(alarm).not.toBeNull();
});

test("tombstones alone arm the alarm that forgets them", async () => {
  const inventory = inventoryOf("never stocked");
  await hold(inventory, "refused");
  const alarm = await runInDurableObject(inventory, (_, state) => state.storage.getAlarm());
  expect(alarm).toBeGreaterThan(Date.now() + retention.endedClaimMs - 60_000);
});

test("a repair gives stranded holds back under a new epoch", async () => {
  const inventory = await stocked("repair", 3);
  await hold(inventory, "stranded", 2);
  const reply = await inventory.repair({
    type: "repair",
    ledgerSeq: 0,
    claims: [{ id: "stranded", quantity: 2, was: "held", want: "none" }],
    reason: "test",
  });
  expect(reply).toMatchObject({ ok: true, unrepaired: [], stock: { held: 0, epoch: 2, seq: 4 } });
  expect(await inventory.inspect(10)).toMatchObject({ heldUnits: 0, claims: [], complete: true });
});

test("an alarm is set, survives an unreachable database and is set again", async () => {
  const inventory = await stocked("alarm", 1);
  const before = Date.now();
  expect(await runDurableObjectAlarm(inventory)).toBe(true);
  const left = await runInDurableObject(inventory, async (_, state) => ({
    alarm: await state.storage.getAlarm(),
    journal: state.storage.sql.exec("select seq from journal").toArray().length,
  }));
  expect(left.journal).toBe(1);
  expect(left.alarm).toBeGreaterThan(before);
});

test("a first count is taken on the first touch that brings it, and never again", async () => {
  const inventory = inventoryOf("imported");
  const reserve = (id: string) => inventory.reserve({ type: "reserve", id, quantity: 1, holdMs: hourMs }, 10);
  await Promise.all(["a", "b", "c"].map(reserve));
  await evictDurableObject(inventory);
  await reserve("d");
  expect(await inventory.read()).toMatchObject({ onHand: 10, held: 4, seq: 5 });
});

test("a first count changes nothing where units were counted before", async () => {
  const inventory = await stocked("counted", 7);
  const adjustment = { type: "shrink", id: "b", movementId: "mov_2", quantity: 2, reason: "test" } as const;
  expect(await inventory.adjust(adjustment, 10)).toMatchObject({ ok: true });
  expect(await inventory.read()).toMatchObject({ onHand: 5, seq: 2 });
});
