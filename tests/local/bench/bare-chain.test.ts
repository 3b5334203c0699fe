import { mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { repeatAsChain, startBareChain } from "../../../local/bench/bare-chain.ts";
import type { BareWorkerd } from "../../../local/bench/bare-workerd.ts";
import { averageOf } from "../../../local/bench/count-calls.ts";
import { performTimes } from "../../../local/bench/load.ts";
import { watchObjectCommits } from "../../../local/bench/object-commits.ts";
import { close, createHttpServer, listen, readBody } from "../../../local/http-server.ts";

const Body = z.union([
  z.object({ query: z.string().optional() }),
  z.array(z.unknown()).transform(() => ({ query: undefined })),
]);

let folder: string;
let chain: BareWorkerd;
let services: Server;
const heard: string[] = [];

/** One server for all services: it writes down what is asked. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tradewind-chain-"));
  services = createHttpServer({
    log: (line) => heard.push(line),
    answer: async (request, response) => {
      const body = await readBody(request, 10_000);
      const { query } = Body.parse(JSON.parse(body.toString()));
      heard.push(query ?? request.url ?? "");
      response.end("{}");
    },
  });
  const url = await listen(services, 0);
  const addresses = ["UPSTASH_REDIS_REST_URL", "QSTASH_URL", "MAIL_API_URL", "MEILISEARCH_URL"];
  const keys = ["UPSTASH_REDIS_REST_TOKEN", "QSTASH_TOKEN", "MAIL_API_KEY", "MEILISEARCH_API_KEY"];
  const settings = {
    ...Object.fromEntries(addresses.map((name) => [name, url])),
    ...Object.fromEntries(keys.map((name) => [name, "secret"])),
    NEON_FETCH_ENDPOINT: `${url}/sql`,
    DATABASE_URL: "postgres://nobody@nowhere/nothing",
    MAIL_FROM: "shop@example.com",
  };
  chain = await startBareChain({ folder, compatibilityDate: "2026-10-20", settings });
}, 60_000);

afterAll(async () => {
  await chain.stop();
  await close(services);
  await rm(folder, { recursive: true, force: true });
});

test("a bare chain makes as many calls and commits as it is told, fractions in turn", async () => {
  const calls = { read: 0.5, write: 1.25, lazyWrite: 2, redis: 3, queue: 0.25, mail: 1, search: 0.125 };
  const objectCommits = {
    CartObject: 3,
    "CartObject alarms": 1,
    InventoryObject: 2.5,
    "InventoryObject alarms": 2,
  };
  const shape = [300, 500].map((answerBytes) => ({ method: "POST", requestBytes: 20, answerBytes }) as const);
  const performer = repeatAsChain([shape], { calls, objectCommits, skus: 1_000_000 });
  const commits = await watchObjectCommits(join(folder, "objects"));
  await performTimes({ origin: chain.url, connections: 2, performer, operationsMin: 8 });

  expect(await commits.stop()).toEqual({ Kept: 8 * 5.5, "Kept alarms": 8 * 3 });
  const times = (part: string): number => heard.filter((each) => each.includes(part)).length;
  expect(times("select 1")).toBe(4);
  expect(times("values")).toBe(10);
  expect(times("synchronous_commit")).toBe(16);
  expect(times("/v2/publish/")).toBe(2);
  expect(times("/messages")).toBe(8);
  expect(times("/documents")).toBe(1);
  expect(heard.filter((each) => each === "/")).toHaveLength(24);
  expect(heard).toHaveLength(65);
});

test("what a database is asked beyond its transactions is reads, and transactions beyond its flushes wait for none", () => {
  const call = (service: "neon" | "redis" | "worker") =>
    ({ service, method: "POST", path: "/", body: "{}", atMs: 0 }) as const;
  const calls = [...Array.from({ length: 40 }, () => call("neon")), call("redis"), call("worker")];
  const counts = averageOf({ operations: 4, calls, transactions: 24, flushes: 2.5 });
  expect(counts).toMatchObject({ read: 4, write: 2.5, lazyWrite: 3.5, redis: 0.25, queue: 0 });
});
