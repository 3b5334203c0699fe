import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { Toucan } from "toucan-js";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";

import { startSentry, type RunningSentry } from "#local/sentry/start-sentry";

const PUBLIC_KEY = "0123456789abcdef0123456789abcdef";
const Listed = z.object({ events: z.array(z.looseObject({ event_id: z.string() })) });

let folder: string;
let sentry: RunningSentry;

function start(port = 0): Promise<RunningSentry> {
  return startSentry({ port, stateFolder: folder, log: () => undefined, publicKey: PUBLIC_KEY });
}

async function listEvents() {
  return Listed.parse(await (await fetch(`${sentry.url}/events`)).json()).events;
}

/** Runs the Worker's own client as a request would, and waits for what it left to be sent. */
async function report(act: (toucan: Toucan) => void): Promise<void> {
  const unsent: Promise<unknown>[] = [];
  const context = { waitUntil: (promise: Promise<unknown>) => unsent.push(promise) };
  const request = new Request("https://shop.example/orders?card=4242", {
    method: "POST",
    headers: { cookie: "session=secret" },
  });
  const toucan = new Toucan({ dsn: sentry.dsn, context, request, release: "v42", environment: "test" });
  act(toucan);
  while (unsent.length > 0) await Promise.all(unsent.splice(0));
}

function envelope(eventId: string, message: string): string {
  const payload = JSON.stringify({ event_id: eventId, timestamp: 1_790_000_000.5, message });
  const itemHeader = JSON.stringify({ type: "event", length: Buffer.byteLength(payload) });
  const lines = [
    JSON.stringify({ event_id: eventId }),
    '{"type":"client_report"}',
    "{}",
    itemHeader,
    payload,
  ];
  return lines.join("\n");
}

function post(body: Uint8Array<ArrayBuffer>, headers: Record<string, string>): Promise<Response> {
  return fetch(`${sentry.url}/api/7/envelope/`, { method: "POST", body, headers });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sentry-test-"));
  sentry = await start();
});

beforeEach(async () => {
  await fetch(`${sentry.url}/_local/reset`, { method: "POST" });
});

afterAll(async () => {
  await sentry.stop();
  await rm(folder, { recursive: true, force: true });
});

test("takes an exception with its cause, tags, release and request from toucan-js", async () => {
  await report((toucan) => {
    toucan.setTag("order", "ord_1");
    toucan.captureException(new TypeError("no price", { cause: new RangeError("catalogue is empty") }));
  });
  const [event, ...others] = await listEvents();
  expect(others).toEqual([]);
  expect(event).toMatchObject({
    project_id: "1",
    level: "error",
    exception: { type: "TypeError", value: "no price" },
    causes: [{ type: "RangeError", value: "catalogue is empty" }],
    tags: { order: "ord_1" },
    release: "v42",
    environment: "test",
    request: { method: "POST", url: "https://shop.example/orders" },
  });
  const original = await (await fetch(`${sentry.url}/events/${event?.event_id}`)).text();
  expect(original).toContain("stacktrace");
  expect(original).not.toContain("secret");
});

test("lists messages newest first, and shows them on the page with their text escaped", async () => {
  await report((toucan) => toucan.captureMessage("first"));
  await report((toucan) => toucan.captureMessage("<b>second</b>", "warning"));
  const events = await listEvents();
  expect(events.map(({ message, level }) => [message, level])).toEqual([
    ["<b>second</b>", "warning"],
    ["first", "info"],
  ]);
  expect(await (await fetch(sentry.url)).text()).toContain("&#60;b&#62;second");
});

test("keeps events over a restart until they are reset", async () => {
  await report((toucan) => toucan.captureMessage("kept"));
  await sentry.stop();
  sentry = await start();
  expect(await listEvents()).toHaveLength(1);
  await fetch(`${sentry.url}/_local/reset`, { method: "POST" });
  await sentry.stop();
  sentry = await start();
  expect(await listEvents()).toEqual([]);
  expect(await (await fetch(sentry.url)).text()).toContain("No errors");
});

test("takes a gzipped envelope, and the key from the header", async () => {
  const headers = {
    "content-encoding": "gzip",
    "x-sentry-auth": `Sentry sentry_version=7, sentry_key=${PUBLIC_KEY}`,
  };
  const response = await post(new Uint8Array(gzipSync(envelope("e1", "zipped\nover two lines"))), headers);
  expect([response.status, await response.json()]).toEqual([200, { id: "e1" }]);
  expect(await listEvents()).toMatchObject([
    { project_id: "7", message: "zipped\nover two lines", occurred_at: "2026-09-21T14:13:20.500Z" },
  ]);
});

const refused: [string, string | Buffer, Record<string, string>, number][] = [
  ["a stranger's key", envelope("e2", "x"), { "x-sentry-auth": "Sentry sentry_key=guess" }, 403],
  ["no key", envelope("e2", "x"), {}, 403],
  ["what is no envelope", "hello", { "x-sentry-auth": `Sentry sentry_key=${PUBLIC_KEY}` }, 400],
  ["a broken gzip", "hello", { "content-encoding": "gzip" }, 400],
  ["a bomb of gzip", gzipSync("x".repeat(17 * 1024 * 1024)), { "content-encoding": "gzip" }, 413],
  ["a body past the limit", "x".repeat(5 * 1024 * 1024), {}, 413],
];
test.each(refused)("refuses %s", async (_what, body, headers, status) => {
  expect((await post(new Uint8Array(Buffer.from(body)), headers)).status).toBe(status);
  expect(await listEvents()).toEqual([]);
});

test("names the port that is taken, and frees its own when it stops", async () => {
  const port = Number(new URL(sentry.url).port);
  await expect(start(port)).rejects.toThrow(`Port ${port}`);
  await sentry.stop();
  sentry = await start(port);
  expect(await listEvents()).toEqual([]);
});
