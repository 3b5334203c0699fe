import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { epochMs } from "#core/time";
import { type Charge, decideCharge } from "#durable-objects/limits/window";

const windowMs = 60_000;
const stub = (shard: string) => env.LIMITS.get(env.LIMITS.idFromName(shard));
const charge = (key: string, units = 1): Charge => ({ key, unitsMax: 3, windowMs, units });

// In the middle of a window, which does not end while a test runs.
beforeEach(() => void vi.setSystemTime((Math.floor(Date.now() / windowMs) + 0.5) * windowMs));
afterEach(() => void vi.useRealTimers());

test("passes what the limit allows, and no more", async () => {
  const answers = [];
  for (let times = 0; times < 5; times++) answers.push(await stub("a").charge(charge("login:1")));
  expect(answers.map(({ allowed }) => allowed)).toEqual([true, true, true, false, false]);
  expect(answers.map(({ remaining }) => remaining)).toEqual([2, 1, 0, 0, 0]);
});

test("counts each subject for itself", async () => {
  for (let times = 0; times < 4; times++) await stub("b").charge(charge("login:1"));
  expect((await stub("b").charge(charge("login:2"))).allowed).toBe(true);
});

test("a charge can be taken back, but never below nothing", async () => {
  for (let times = 0; times < 3; times++) await stub("c").charge(charge("login:1"));
  await stub("c").charge(charge("login:1", -1));
  expect((await stub("c").charge(charge("login:1"))).allowed).toBe(true);
  await stub("c").charge(charge("login:2", -100));
  expect((await stub("c").charge(charge("login:2"))).remaining).toBe(2);
});

test("counts survive the object, and are gone when their windows are over", async () => {
  const object = stub("d");
  await object.charge(charge("login:1"));
  await runInDurableObject(object, async (instance, state) => {
    const rows = () => state.storage.sql.exec("select * from charges").toArray().length;
    expect(rows()).toBe(1);
    expect(await state.storage.getAlarm()).toBeGreaterThan(Date.now());
    await instance.alarm();
    expect(rows()).toBe(1);
    state.storage.sql.exec("update charges set ends_at = ?", Date.now() - 1);
    await instance.alarm();
    expect(rows()).toBe(0);
  });
});

test("the window before counts by the share that the sliding window still covers", () => {
  const at = (share: number) => epochMs(100 * windowMs + share * windowMs);
  const decide = (share: number) =>
    decideCharge({ ...charge("x"), unitsMax: 100 }, { previous: 100, current: 20 }, at(share));
  expect(decide(0.1).reply.allowed).toBe(false);
  expect(decide(0.25).reply).toMatchObject({ allowed: true, remaining: 4, resetAt: 101 * windowMs });
});
