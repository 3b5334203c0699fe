import { randomUUID } from "node:crypto";
import { Redis } from "@upstash/redis/cloudflare";
import { expect, test, vi } from "vitest";
import { epochMs } from "#core/time";
import { createChangeFeed } from "#features/catalog/change-feed";
import { createSellableMemory } from "#features/catalog/sellable-memory";
import { LOCAL_CREDENTIALS } from "#local/credentials";
import { stack } from "../../stack.ts";

const longMs = 10_000;
const lifeMs = 1_000 * longMs;

/** An isolate with a clock of its own, so that nobody has to wait. */
function isolateAt(url: string) {
  const memory = createSellableMemory<string>({ productsMax: 10, newsMax: 1_000, lifeMs });
  const feed = createChangeFeed(memory);
  const cache = new Redis({ url, token: LOCAL_CREDENTIALS.redisToken, enableTelemetry: false, retry: false });
  let time = Date.now();
  const context = {
    cache,
    now: () => epochMs(time),
    log: () => undefined,
    afterResponse: () => undefined,
    settings: { REPLICA_LAG_SECONDS_MAX: 1 },
  };
  const looks = vi.spyOn(cache, "xrange");
  return {
    believesAfter: async (ms: number) => {
      time += ms;
      return feed.follow(context);
    },
    looks: () => looks.mock.calls.length,
    announce: (productId: string, version: string) => feed.announce(context, [{ productId, version }]),
    keep: (productId: string, version: string) =>
      memory.keep({ productId, version, variants: new Map([[productId, version]]) }, context.now()),
    find: (productId: string) => memory.find(productId, context.now()),
  };
}

type Isolate = ReturnType<typeof isolateAt>;

/** Follows until the isolate keeps what it is shown: a reading may be late on a busy machine. */
async function untilKept(isolate: Isolate, productId: string): Promise<void> {
  const isKept = async () => {
    const believes = await isolate.believesAfter(longMs);
    isolate.keep(productId, "1");
    return believes && isolate.find(productId) === "1";
  };
  await expect.poll(isKept, { timeout: 25_000 }).toBe(true);
}

test("what one isolate announces, another has forgotten when it next believes its memory", async () => {
  const [here, there] = [isolateAt(stack().services.redis), isolateAt(stack().services.redis)];
  const [tent, lamp] = [randomUUID(), randomUUID()];
  await untilKept(here, tent);
  here.keep(lamp, "1");
  await there.announce(tent, "2");
  expect(here.find(tent)).toBe("1");
  await expect.poll(() => here.believesAfter(2_000), { timeout: 25_000 }).toBe(true);
  expect(here.find(tent)).toBeUndefined();
  here.keep(tent, "1");
  expect(here.find(tent), "a late copy of before").toBeUndefined();
});

test("while nobody tells of changes nothing is believed", async () => {
  const isolate = isolateAt("http://127.0.0.1:9");
  expect(await isolate.believesAfter(0)).toBe(false);
  isolate.keep("tent", "1");
  expect(isolate.find("tent")).toBeUndefined();
  await expect(isolate.announce("tent", "2")).rejects.toThrow();
});

test("who comes back after more than can be read at once begins anew", async () => {
  const [here, there] = [isolateAt(stack().services.redis), isolateAt(stack().services.redis)];
  const tent = randomUUID();
  await untilKept(here, tent);
  await Promise.all(Array.from({ length: 60 }, () => there.announce(randomUUID(), "1")));
  await expect.poll(() => here.believesAfter(2_000), { timeout: 25_000 }).toBe(true);
  expect(here.find(tent)).toBeUndefined();
});

test("however many ask, one looks in a second, and all who come after a silence wait for that look", async () => {
  const [here, there] = [isolateAt(stack().services.redis), isolateAt(stack().services.redis)];
  const tent = randomUUID();
  await untilKept(here, tent);
  await there.announce(tent, "2");
  await expect
    .poll(
      async () => {
        const before = here.looks();
        const [first, ...others] = await Promise.all(
          Array.from({ length: 200 }, (_, number) => here.believesAfter(number === 0 ? longMs : 0)),
        );
        expect(others).toEqual(others.map(() => first));
        expect(here.looks() - before).toBe(1);
        await Promise.all(Array.from({ length: 200 }, () => here.believesAfter(4)));
        expect(here.looks() - before).toBe(1);
        return first;
      },
      { timeout: 25_000 },
    )
    .toBe(true);
  expect(here.find(tent)).toBeUndefined();
});
