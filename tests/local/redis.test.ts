import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";

import { connectToEngine } from "#local/redis/engine-connection";
import { chooseEngine, startEngine, type EngineChoice } from "#local/redis/engine";
import { startRedis } from "#local/redis/start-redis";
import type { RunningService } from "#local/service";

const TOKEN = "token-of-this-test";
const installed = await chooseEngine(process.env["PATH"] ?? "");
const engines = [...new Set<EngineChoice>(["js-redis-server", installed])];

let folder: string;
const log: string[] = [];

function start(options: { engine?: EngineChoice; port?: number; folder?: string }): Promise<RunningService> {
  return startRedis({
    port: options.port ?? 0,
    stateFolder: options.folder ?? folder,
    log: (line) => log.push(line),
    token: TOKEN,
    ...(options.engine === undefined ? {} : { engine: options.engine }),
  });
}

function client(service: RunningService): Redis {
  return new Redis({ url: service.url, token: TOKEN, enableTelemetry: false, retry: false });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "redis-test-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe.each(engines)("Redis on %s", (engine) => {
  let service: RunningService;
  let redis: Redis;

  beforeAll(async () => {
    service = await start({ engine });
    redis = client(service);
  });

  afterAll(() => service.stop());

  test("says in its log which engine answers", () => {
    expect(log.at(-1)).toContain(`engine: ${engine}`);
  });

  test("keeps strings, JSON and text beyond ASCII", async () => {
    await redis.mset({ "text:plain": "müsli ☕", "text:json": { price: { minor: 1250, currency: "EUR" } } });
    expect(await redis.mget("text:plain", "text:json", "text:absent")).toEqual([
      "müsli ☕",
      { price: { minor: 1250, currency: "EUR" } },
      null,
    ]);
    expect(await redis.del("text:plain", "text:absent")).toBe(1);
    expect(await redis.get("text:plain")).toBeNull();
  });

  test("sets with NX only once, and forgets a key when its time is over", async () => {
    expect(await redis.set("lock", "first", { nx: true, px: 600_000 })).toBe("OK");
    expect(await redis.set("lock", "second", { nx: true, px: 600_000 })).toBeNull();
    expect(await redis.set("lock", "third", { px: 40 })).toBe("OK");
    await expect.poll(() => redis.get("lock"), { interval: 10 }).toBeNull();
    expect(await redis.set("cached", 1, { ex: 160 })).toBe("OK");
    expect(await redis.ttl("cached")).toBeGreaterThan(50);
    expect(await redis.expire("cached", 600)).toBe(1);
    expect(await redis.ttl("cached")).toBeGreaterThan(500);
  });

  test("answers hashes, counters and sorted sets", async () => {
    await redis.hset("hash", { name: "Teapot", stock: 3 });
    expect(await redis.hincrby("hash", "stock", 2)).toBe(5);
    expect(await redis.hgetall("hash")).toEqual({ name: "Teapot", stock: 5 });
    expect([await redis.incr("counter"), await redis.incrby("counter", 5)]).toEqual([1, 6]);
    await redis.zadd("ranking", { score: 2, member: "b" }, { score: 1, member: "a" });
    expect(await redis.zrange("ranking", 0, -1, { withScores: true })).toEqual(["a", 1, "b", 2]);
  });

  test("sends commands of one moment as one pipeline, each with its own outcome", async () => {
    await redis.set("word", "tea");
    const outcomes = await Promise.allSettled([redis.get("word"), redis.incr("word"), redis.exists("word")]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const results = await redis
      .pipeline()
      .set("first", 1)
      .incr("word")
      .get("first")
      .exec({ keepErrors: true });
    expect(results.map(({ result, error }) => error ?? result)).toEqual([
      "OK",
      expect.stringContaining("not an integer"),
      1,
    ]);
  });

  test("runs a transaction as a whole, and refuses one with an unknown command as a whole", async () => {
    expect(await redis.multi().set("stock", 5).decrby("stock", 2).get("stock").exec()).toEqual(["OK", 3, 3]);
    const refused = await post(service, "/multi-exec", [["SET", "stock", "9"], ["NONSENSE"]]);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toEqual({ error: expect.stringContaining("unknown command") });
    expect(await redis.get("stock")).toBe(3);
  });

  test("evaluates scripts, by text and by SHA, with Upstash's own flag in the first line", async () => {
    const script = "#!lua flags=allow-key-locking\nreturn {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}";
    expect(await redis.eval(script, ["scripted"], ["x"])).toEqual(["scripted", "x", 1]);
    const sha = await redis.scriptLoad(script);
    expect(await redis.scriptExists(sha, "0".repeat(40))).toEqual([1, 0]);
    expect(await redis.evalsha(sha, ["scripted"], ["y"])).toEqual(["scripted", "y", 2]);
    await expect(redis.evalsha("0".repeat(40), [], [])).rejects.toThrow("NOSCRIPT");
    expect(await redis.createScript<number>("return tonumber(ARGV[1])").exec([], ["7"])).toBe(7);
  });

  // None of the windows ends while the test runs.
  test.each([
    ["fixed window", Ratelimit.fixedWindow(3, "30 d")],
    ["sliding window", Ratelimit.slidingWindow(3, "30 d")],
    ["token bucket", Ratelimit.tokenBucket(3, "30 d", 3)],
    ["cached fixed window", Ratelimit.cachedFixedWindow(3, "30 d")],
  ])("lets exactly the allowed number through a %s limit, until it is reset", async (prefix, limiter) => {
    const limit = new Ratelimit({ redis, limiter, prefix: `limit:${prefix}`, ephemeralCache: new Map() });
    const outcomes = [];
    for (let request = 0; request < 5; request += 1) outcomes.push((await limit.limit("buyer")).success);
    expect(outcomes).toEqual([true, true, true, false, false]);
    expect(await limit.getRemaining("buyer")).toMatchObject({ remaining: 0, limit: 3 });
    expect((await limit.blockUntilReady("buyer", 20)).success).toBe(false);
    expect((await limit.limit("another buyer")).success).toBe(true);
    await limit.resetUsedTokens("buyer");
    expect((await limit.getRemaining("buyer")).remaining).toBe(3);
  });

  test("lets a blocked caller through once its window has passed", async () => {
    const limit = new Ratelimit({ redis, limiter: Ratelimit.fixedWindow(1, "150 ms"), prefix: "limit:wait" });
    expect((await limit.blockUntilReady("buyer", 25_000)).success).toBe(true);
    expect((await limit.blockUntilReady("buyer", 25_000)).success).toBe(true);
  });

  test("serves the path form, with and without base64", async () => {
    expect(await get(service, "/set/greeting/hello%20there?EX=100")).toEqual({ result: "OK" });
    expect(await get(service, "/get/greeting")).toEqual({ result: "hello there" });
    expect(await get(service, "/get/greeting", { "upstash-encoding": "base64" })).toEqual({
      result: "aGVsbG8gdGhlcmU=",
    });
    expect(await get(service, "/ping")).toEqual({ result: "PONG" });
    await fetch(`${service.url}/set/posted`, { method: "POST", body: "as a body", headers: bearer(TOKEN) });
    expect(await redis.get("posted")).toBe("as a body");
  });

  test("counts commands by name since the last reset", async () => {
    await fetch(`${service.url}/_local/stats/reset`, { method: "POST" });
    await redis.get("anything");
    await redis.pipeline().get("anything").set("anything", 1).exec();
    expect(await (await fetch(`${service.url}/_local/stats`)).json()).toEqual({
      commands: { GET: 2, SET: 1 },
    });
  });

  test("refuses strangers, commands of a connection's state, and what is no command", async () => {
    const stranger = await fetch(`${service.url}/get/x`, { headers: bearer("guess") });
    expect([stranger.status, await stranger.json()]).toEqual([
      401,
      { error: expect.stringContaining("WRONGPASS") },
    ]);
    expect((await fetch(`${service.url}/get/x`)).status).toBe(401);
    const blocking = await post(service, "/", ["BLPOP", "queue", "0"]);
    expect([blocking.status, await blocking.json()]).toEqual([
      400,
      { error: expect.stringContaining("BLPOP") },
    ]);
    expect(await get(service, "/get/%zz")).toEqual({ error: "ERR failed to parse path" });
    expect((await post(service, "/", { not: "a command" })).status).toBe(400);
    expect((await post(service, "/pipeline", ["GET", "x"])).status).toBe(400);
  });
});

test.each(engines)("fails what was in flight when %s hangs up, then dials anew", async (choice) => {
  const stateFolder = join(folder, "hang-up");
  const engine = await startEngine(choice, { port: 0, stateFolder, log: (line) => log.push(line) });
  const connection = connectToEngine(engine.port);
  await expect(connection.send([["QUIT"], ["PING"]])).rejects.toThrow("lost");
  expect(await connection.send([["PING"]])).toEqual([{ kind: "status", text: "PONG" }]);
  connection.close();
  await engine.stop();
});

test.runIf(installed === "redis-server")("takes redis-server along when it is killed outright", async () => {
  const source = new URL("../../local/redis/engine.ts", import.meta.url).href;
  const stateFolder = JSON.stringify(join(folder, "killed"));
  const program = `import { startEngine } from "${source}";
    const engine = await startEngine("redis-server", { port: 0, stateFolder: ${stateFolder}, log: console.log });
    console.log(engine.port);`;
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", program]);
  const [port] = z.tuple([z.instanceof(Buffer)]).parse(await once(parent.stdout, "data"));
  const connection = connectToEngine(Number(port));
  const ping = () =>
    connection.send([["PING"]]).then(
      () => "answers",
      () => "is gone",
    );
  expect(await ping()).toBe("answers");
  parent.kill("SIGKILL");
  await expect.poll(ping, { timeout: 25_000 }).toBe("is gone");
});

test("names the port that is taken, and frees its own when it stops", async () => {
  const first = await start({ engine: "js-redis-server" });
  const port = Number(new URL(first.url).port);
  await expect(start({ engine: "js-redis-server", port })).rejects.toThrow(`Port ${port}`);
  await first.stop();
  const second = await start({ engine: "js-redis-server", port });
  expect(await client(second).ping()).toBe("PONG");
  await second.stop();
});

test.runIf(installed === "redis-server")("keeps its data over a restart on redis-server", async () => {
  const options = { engine: "redis-server", folder: join(folder, "restart") } as const;
  const before = await start(options);
  await client(before).set("kept", "yes");
  await before.stop();
  const after = await start(options);
  expect(await client(after).get("kept")).toBe("yes");
  await after.stop();
});

test("finds no redis-server on a search path without one", async () => {
  expect(await chooseEngine(folder)).toBe("js-redis-server");
});

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

async function get(
  service: RunningService,
  path: string,
  headers: Record<string, string> = {},
): Promise<unknown> {
  const response = await fetch(`${service.url}${path}`, { headers: { ...bearer(TOKEN), ...headers } });
  return response.json();
}

function post(service: RunningService, path: string, body: unknown): Promise<Response> {
  return fetch(`${service.url}${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: bearer(TOKEN),
  });
}
